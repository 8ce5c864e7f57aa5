import { describe, expect, it } from 'vitest';
import {
  createCertificateAuthority,
  issueEcdsaServerCertificate,
  issueIntermediate,
  issueServerCertificate,
  type KeyPair,
} from '../../../certs/issueCertificate.ts';
import { judgeIdentity } from '../../../src/certificates/judgeIdentity.ts';
import { Secret } from '../../../src/secret.ts';
import { testCertificates } from '../../support/certificates.ts';
import { opensslCertificate } from '../../support/opensslCertificate.ts';

const { ca, server } = testCertificates;
const DAY_MS = 86_400_000;
const days = (count: number) => new Date(Date.now() + count * DAY_MS);

/** The check and message of each finding that is not ok. */
async function faultsOf(pair: KeyPair, chain: readonly KeyPair[] = []): Promise<readonly string[]> {
  const certificate = [pair, ...chain].map((each) => each.certificate).join('');
  const identity = { certificate, privateKey: new Secret(pair.privateKey), clientAuth: undefined };
  const findings = await judgeIdentity(identity, new Date());
  return findings
    .filter(({ level }) => level !== 'ok')
    .map(({ check, level, message }) => `${level} ${check}: ${message}`);
}

describe('keys', () => {
  it.each<[string, () => KeyPair]>([
    ['RSA', () => server],
    ['P-256', () => issueEcdsaServerCertificate(ca, 'P-256')],
    ['P-384', () => issueEcdsaServerCertificate(ca, 'P-384')],
  ])('%s is good', async (_what, make) => {
    expect(await faultsOf(make(), [ca])).toEqual([]);
  });

  it.each([
    ['rsa:1024', 'failure certificate key: An RSA key of 1024 bits is too weak for TLS.'],
    ['ec -pkeyopt ec_paramgen_curve:secp256k1', 'failure certificate key: KMS cannot use a key on secp256k1.'],
    [
      'ec -pkeyopt ec_paramgen_curve:brainpoolP256r1',
      'failure certificate key: KMS cannot use a key on brainpoolP256r1.',
    ],
    ['ed25519', 'failure certificate key: KMS cannot use a key of type ed25519.'],
    ['rsa-pss', 'failure certificate key: KMS cannot use a key of type rsa-pss.'],
    [
      'ec -pkeyopt ec_paramgen_curve:secp521r1',
      'warning certificate key: AWS does not say that KMS can use keys on P-521.',
    ],
  ])('%s', async (newKey, fault) => {
    expect(await faultsOf(opensslCertificate({ newKey }))).toEqual([fault]);
  });
});

describe('dates', () => {
  it.each<[string, object, RegExp]>([
    ['expired', { notAfter: days(-1) }, /^failure certificate: .*CN=localhost expired on 20/],
    ['not yet valid', { notBefore: days(1) }, /^failure certificate: .*CN=localhost is not valid before 20/],
    ['expires soon', { notAfter: days(10.5) }, /^warning certificate: .*CN=localhost expires on 20.*, in 10 days\.$/],
  ])('of the server certificate: %s', async (_what, options, fault) => {
    expect(await faultsOf(issueServerCertificate(ca, options), [ca])).toEqual([expect.stringMatching(fault)]);
  });

  it.each<[string, object, RegExp]>([
    ['expired', { notAfter: days(-1) }, /^warning certificate chain: .*intermediate CA expired on/],
    ['not yet valid', { notBefore: days(1) }, /^warning certificate chain: .*intermediate CA is not valid before/],
  ])('of an intermediate: %s', async (_what, options, fault) => {
    const intermediate = issueIntermediate(ca, options);
    expect(await faultsOf(issueServerCertificate(intermediate), [intermediate, ca])).toEqual([
      expect.stringMatching(fault),
    ]);
  });
});

describe('chain', () => {
  const intermediate = issueIntermediate(ca);
  const leaf = issueServerCertificate(intermediate);

  it('is good if it is complete and in order', async () => {
    expect(await faultsOf(leaf, [intermediate, ca])).toEqual([]);
  });

  it('may be one self-signed certificate', async () => {
    expect(await faultsOf(opensslCertificate({}))).toEqual([]);
  });

  it('is faulty without its intermediate', async () => {
    expect(await faultsOf(leaf)).toEqual([
      expect.stringMatching(/^warning .* chain ends with .*CN=localhost, and its issuer .*intermediate CA is neither/),
    ]);
  });

  it('is faulty if it is out of order', async () => {
    expect(await faultsOf(leaf, [ca, intermediate])).toEqual([expect.stringMatching(/are not in order/)]);
  });

  it('is faulty if it contains an unrelated certificate', async () => {
    expect(await faultsOf(leaf, [intermediate, ca, createCertificateAuthority({ commonName: 'other' })])).toEqual([
      expect.stringMatching(/CN=other issued no certificate of the chain/),
    ]);
  });

  it('is faulty if its authority only has the name of the issuer', async () => {
    const namesake = issueIntermediate(ca);
    expect(await faultsOf(leaf, [namesake])).toEqual([
      expect.stringMatching(/is neither in the file/),
      expect.stringMatching(/issued no certificate of the chain/),
    ]);
  });
});

describe('handshake', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['not for servers', ['extendedKeyUsage=clientAuth'], /TLSv1\.2 .*not for TLS servers.*\(INVALID_PURPOSE\)/],
    ['no usage for signatures', ['keyUsage=keyAgreement'], /TLSv1\.2 .*lacks digitalSignature/],
  ])('%s', async (_what, extensions, fault) => {
    const newKey = 'ec -pkeyopt ec_paramgen_curve:P-256';
    expect(await faultsOf(opensslCertificate({ newKey, extensions }))).toEqual([
      expect.stringMatching(new RegExp(`^failure TLS handshake: .*${fault.source}`)),
    ]);
  });

  it.each([[['basicConstraints=CA:FALSE']], [['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature']]])(
    'an issuer with %s',
    async (extensions) => {
      const issuer = opensslCertificate({ commonName: 'issuer', extensions, issuer: ca });
      expect(await faultsOf(issueServerCertificate(issuer), [issuer, ca])).toEqual([
        expect.stringMatching(/^failure TLS handshake: .*its issuer is no authority/),
      ]);
    },
  );

  it('fails with an intermediate whose key is too small', async () => {
    const weak = opensslCertificate({ newKey: 'rsa:1024', commonName: 'weak', issuer: ca });
    expect(await faultsOf(issueServerCertificate(weak), [weak, ca])).toEqual([
      'warning certificate chain: CN=weak: An RSA key of 1024 bits is too weak for TLS.',
      expect.stringMatching(/^failure TLS handshake: .*\(ERR_SSL_CA_KEY_TOO_SMALL\)/),
    ]);
  });

  it('is not tried with an intermediate on a curve that crashes Node', async () => {
    const newKey = 'ec -pkeyopt ec_paramgen_curve:brainpoolP256r1';
    const unusual = opensslCertificate({ newKey, commonName: 'unusual', issuer: ca });
    const leaf = opensslCertificate({ issuer: unusual });
    expect(await faultsOf(leaf, [unusual, ca])).toEqual([
      'warning certificate chain: CN=unusual: KMS cannot use a key on brainpoolP256r1.',
    ]);
  });
});
