import { expect, it, describe } from 'vitest';
import { createServer, connect, type TLSSocket } from 'node:tls';
import { duplexPair } from 'node:stream';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueIntermediate,
  type KeyPair,
} from '../../../certs/issueCertificate.ts';
import { judgeClientCa } from '../../../src/certificates/judgeClientCa.ts';
import { testCertificates } from '../../support/certificates.ts';
import { opensslCertificate } from '../../support/opensslCertificate.ts';

const { ca, server, client } = testCertificates;
const CN = 'cks.kms.us-east-1.amazonaws.com';
const days = (count: number) => new Date(Date.now() + count * 86_400_000);

const judge = (bundle: readonly KeyPair[]) => {
  const pem = bundle.map(({ certificate }) => certificate).join('');
  return judgeClientCa({ ca: pem, commonNames: [CN] }, new Date())
    .filter(({ level }) => level !== 'ok')
    .map(({ level, message }) => `${level}: ${message}`);
};

/** Whether OpenSSL authorises a client, in a server that trusts this bundle. */
function isAdmitted(bundle: readonly KeyPair[], { certificate: cert, privateKey: key }: KeyPair): Promise<boolean> {
  const [near, far] = duplexPair();
  const options = { cert: server.certificate, key: server.privateKey, requestCert: true, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const admission = createServer({ ...options, ca: bundle.map((each) => each.certificate) });
    admission.on('tlsClientError', reject).on('secureConnection', (socket: TLSSocket) => {
      resolve(socket.authorized);
      socket.destroy();
    });
    connect({ socket: near, cert, key, rejectUnauthorized: false }).on('error', () => undefined);
    admission.emit('connection', far);
  });
}

it('reads an authority with an extension that is not DER', () => {
  const authority = opensslCertificate({
    extensions: ['basicConstraints=CA:TRUE', 'subjectKeyIdentifier=DER:04:ff'],
  });
  expect(judge([authority])).toEqual([]);
});

describe('OpenSSL admits clients of', () => {
  it.each<[string, () => { bundle: readonly KeyPair[]; client: KeyPair }]>([
    ['a root', () => ({ bundle: [ca], client })],
    [
      'an intermediate beside its root',
      () => {
        const intermediate = issueIntermediate(ca);
        return { bundle: [intermediate, ca], client: issueClientCertificate(intermediate) };
      },
    ],
    ['a root without basicConstraints, but with keyCertSign', () => madeBy({ extensions: ['keyUsage=keyCertSign'] })],
    ['a root of X.509 version 1', () => madeBy({ extensions: [] })],
    [
      'a root on secp256k1',
      () => ({ bundle: [opensslCertificate({ newKey: 'ec -pkeyopt ec_paramgen_curve:secp256k1' }), ca], client }),
    ],
  ])('%s, without a finding', async (_what, make) => {
    const { bundle, client } = make();
    expect(await isAdmitted(bundle, client)).toBe(true);
    expect(judge(bundle)).toEqual([]);
  });

  it.each<[string, () => { bundle: readonly KeyPair[]; client: KeyPair }, RegExp]>([
    [
      'an expired root beside a good one',
      () => ({ bundle: [createCertificateAuthority({ commonName: 'old', notAfter: days(-1) }), ca], client }),
      /^warning: .*CN=old expired on/,
    ],
    [
      'a good root beside a lone intermediate',
      () => ({ bundle: [ca, issueIntermediate(createCertificateAuthority({ commonName: 'gone' }))], client }),
      /^warning: .*is an intermediate whose root is not in the file\.$/,
    ],
    ['a good root beside a leaf', () => ({ bundle: [ca, server], client }), /^warning: .*CN=localhost .*\.$/],
    ['a root that expires soon', () => madeByForge({ notAfter: days(9.5) }), /^warning: .* in 9 days\.$/],
    [
      'a self-signed certificate, shown by its owner',
      () => {
        const alone = issueClientCertificate('self-signed');
        return { bundle: [alone], client: alone };
      },
      /^warning: .*it admits only the client that has its key\.$/,
    ],
  ])('%s, with a warning', async (_what, make, fault) => {
    const { bundle, client } = make();
    expect(await isAdmitted(bundle, client)).toBe(true);
    expect(judge(bundle)).toEqual([expect.stringMatching(fault)]);
  });
});

describe('OpenSSL admits no client by', () => {
  it.each<[string, () => { bundle: readonly KeyPair[]; client: KeyPair }, RegExp]>([
    ['an expired root', () => madeByForge({ notAfter: days(-1) }), / expired on /],
    ['a root that is not valid yet', () => madeByForge({ notBefore: days(1) }), / is not valid before /],
    [
      'an intermediate',
      () => {
        const intermediate = issueIntermediate(ca);
        return { bundle: [intermediate], client: issueClientCertificate(intermediate) };
      },
      / is an intermediate whose root is not in the file\.$/,
    ],
    [
      'a certificate of a client',
      () => ({ bundle: [client], client }),
      /is not a certificate authority \(CA:FALSE\)\.$/,
    ],
    [
      'a root with CA:FALSE',
      () => madeBy({ extensions: ['basicConstraints=CA:FALSE'] }),
      /is not a certificate authority \(CA:FALSE\)\.$/,
    ],
    [
      'a root without keyCertSign',
      () => madeBy({ extensions: ['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature'] }),
      /is not a certificate authority/,
    ],
    [
      'a root that is for servers only',
      () => madeBy({ extensions: ['basicConstraints=CA:TRUE', 'extendedKeyUsage=serverAuth'] }),
      /is not for TLS clients \(extendedKeyUsage\)/,
    ],
    ['a root with a weak key', () => madeBy({ newKey: 'rsa:1024' }), /has a key that is too small\.$/],
  ])('%s', async (_what, make, fault) => {
    const { bundle, client } = make();
    expect(await isAdmitted(bundle, client)).toBe(false);
    expect(judge(bundle)).toEqual([
      expect.stringMatching(new RegExp(`^failure: No client can be admitted: .*${fault.source}`)),
    ]);
  });

  it('several certificates, and the message names each', () => {
    const old = createCertificateAuthority({ commonName: 'old', notAfter: days(-1) });
    expect(judge([old, server])).toEqual([expect.stringMatching(/CN=old expired on .*CN=localhost is not/)]);
  });
});

function madeBy(options: { newKey?: string; extensions?: readonly string[] }) {
  const issuer = opensslCertificate({ commonName: 'root', ...options });
  return { bundle: [issuer], client: issueClientCertificate(issuer) };
}

function madeByForge(options: object) {
  const issuer = createCertificateAuthority(options);
  return { bundle: [issuer], client: issueClientCertificate(issuer) };
}
