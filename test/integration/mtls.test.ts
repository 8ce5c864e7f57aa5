import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueIntermediate,
  type CertificateOptions,
  type KeyPair,
} from '../../certs/issueCertificate.ts';
import type { ClientAuth } from '../../src/certificates/tlsIdentity.ts';
import { testCertificates } from '../support/certificates.ts';
import { identity, REQUEST, startServer } from '../support/listeningServer.ts';
import { opensslCertificate } from '../support/opensslCertificate.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { runProgram } from '../support/runProgram.ts';

const { ca, client, server } = testCertificates;
const CN = 'cks.kms.us-east-1.amazonaws.com';
const OTHER_CN = 'cks.kms.eu-west-1.amazonaws.com';
const clientAuth: ClientAuth = { ca: ca.certificate, commonNames: [CN, OTHER_CN] };
const DAY_MS = 24 * 3_600_000;

const otherCa = createCertificateAuthority({ commonName: 'another test CA' });
const namesakeCa = createCertificateAuthority();
const intermediate = issueIntermediate(ca);
const expiredIntermediate = issueIntermediate(ca, daysFromNow(-2, -1));

function daysFromNow(from: number, to: number): CertificateOptions {
  return { notBefore: new Date(Date.now() + from * DAY_MS), notAfter: new Date(Date.now() + to * DAY_MS) };
}

function issued(options: CertificateOptions, issuer: KeyPair | 'self-signed' = ca): KeyPair {
  return issueClientCertificate(issuer, options);
}

function chain(leaf: KeyPair, ...authorities: KeyPair[]): KeyPair {
  return { ...leaf, certificate: [leaf, ...authorities].map(({ certificate }) => certificate).join('') };
}

function connect(port: number, pair: KeyPair | undefined, options: ConnectionOptions = {}): RawConnection {
  const certificate = pair && { cert: pair.certificate, key: pair.privateKey };
  return new RawConnection(port, { ca: ca.certificate, ...certificate, ...options });
}

const versions: SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

describe.each(versions)('%s', (version) => {
  const tlsVersion = { minVersion: version, maxVersion: version };

  it.each<[string, KeyPair, string?]>([
    ['a certificate with only a CN', client],
    ['another admitted CN', issued({ commonName: OTHER_CN }), OTHER_CN],
    ['a certificate with other SANs', issued({ subjectAltNames: ['somewhere.example'] })],
    ['a certificate without extended key usage', issued({ extendedKeyUsage: null })],
    ['a chain with an intermediate', chain(issued({}, intermediate), intermediate)],
  ])('admits %s', async (_what, pair, clientCommonName = CN) => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    const connection = connect(proxy.port, pair, tlsVersion);
    await connection.send(REQUEST);
    const [answer] = await connection.answered();
    expect(JSON.parse(answer?.body ?? '')).toEqual({ remoteAddress: '127.0.0.1', clientCommonName });
    expect(proxy.refusals).toEqual([]);
  });

  it.each<[string, KeyPair | undefined, string, object?]>([
    ['no certificate', undefined, 'no client certificate', {}],
    [
      'another CN',
      issued({ commonName: 'kms.example' }),
      'client certificate: another CN',
      { commonName: 'kms.example' },
    ],
    [
      'a CN in capitals',
      issued({ commonName: CN.toUpperCase() }),
      'client certificate: another CN',
      { commonName: CN.toUpperCase() },
    ],
    [
      'a CN that is longer than the admitted one',
      issued({ commonName: `${CN}\0.example` }),
      'client certificate: another CN',
      { commonName: `${CN}\0.example` },
    ],
    [
      'the CN under another authority',
      issued({}, otherCa),
      'client certificate: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      { issuer: 'O=xks-proxy test, CN=another test CA' },
    ],
    [
      'the CN under a namesake of the authority',
      issued({}, namesakeCa),
      'client certificate: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    ['an expired certificate', issued(daysFromNow(-2, -1)), 'client certificate: CERT_HAS_EXPIRED'],
    ['a certificate that is not yet valid', issued(daysFromNow(1, 2)), 'client certificate: CERT_NOT_YET_VALID'],
    [
      'a self-signed certificate',
      issued({}, 'self-signed'),
      'client certificate: DEPTH_ZERO_SELF_SIGNED_CERT',
      { issuer: `O=xks-proxy test, CN=${CN}` },
    ],
    [
      'SANs and no CN',
      issued({ commonName: null, subjectAltNames: [CN] }),
      'client certificate: not exactly one CN',
      { commonName: '' },
    ],
    [
      'two CNs',
      issued({ commonName: [CN, CN] }),
      'client certificate: not exactly one CN',
      { commonName: `${CN}, ${CN}` },
    ],
    ['a certificate for servers', issued({ extendedKeyUsage: 'serverAuth' }), 'client certificate: INVALID_PURPOSE'],
    [
      'an intermediate that is not sent',
      issued({}, intermediate),
      'client certificate: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    [
      'an intermediate that has expired',
      chain(issued({}, expiredIntermediate), expiredIntermediate),
      'client certificate: CERT_HAS_EXPIRED',
    ],
    ['a certificate issued by a client', chain(issued({}, client), client), 'client certificate: UNSPECIFIED'],
  ])('refuses %s without an answer', async (_what, pair, reason, said = { commonName: CN }) => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    const connection = connect(proxy.port, pair, tlsVersion);
    // The client sends these requests with the last message of its handshake.
    await connection.send(REQUEST.repeat(3));
    await connection.closed();
    expect(connection.received).toBe('');
    expect(proxy.clients).toEqual([]);
    expect(proxy.refusals).toMatchObject([{ remoteAddress: '127.0.0.1', reason, routine: false, ...said }]);
  });

  it('resumes the session of an admitted client, and still knows its CN', async () => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    const resumed = connect(proxy.port, client, { ...tlsVersion, session: await sessionOf(proxy.port, client) });
    await resumed.send(REQUEST);
    await resumed.answered();
    expect(resumed.tls.isSessionReused()).toBe(true);
    expect(proxy.clients.map(({ clientCommonName }) => clientCommonName)).toEqual([CN, CN]);
  });

  it.each<[string, ClientAuth]>([
    ['its name is no longer admitted', { ...clientAuth, commonNames: [OTHER_CN] }],
    ['its authority is no longer admitted', { ...clientAuth, ca: otherCa.certificate }],
  ])('resumes no session when %s', async (_why, next) => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    const session = await sessionOf(proxy.port, client);
    proxy.setTls(identity(server, next));
    const late = connect(proxy.port, client, { ...tlsVersion, session });
    await late.send(REQUEST);
    await late.closed();
    expect(late.received).toBe('');
    expect(proxy.clients).toHaveLength(1);
    expect(proxy.refusals).toHaveLength(1);
  });

  it('resumes no session that began without clientAuth', async () => {
    const proxy = await startServer();
    const session = await sessionOf(proxy.port, undefined);
    proxy.setTls(identity(server, clientAuth));
    const late = connect(proxy.port, undefined, { ...tlsVersion, session });
    await late.send(REQUEST);
    await late.closed();
    expect(late.received).toBe('');
    expect(proxy.refusals).toMatchObject([{ reason: 'no client certificate' }]);
  });

  it('requests no certificate after clientAuth was removed', async () => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    proxy.setTls(identity(server));
    const connection = connect(proxy.port, undefined, tlsVersion);
    await connection.send(REQUEST);
    expect(await connection.answered()).toMatchObject([{ status: 200, body: '{"remoteAddress":"127.0.0.1"}' }]);
  });

  it('refuses a resumed session if the certificate has expired since', async () => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    // Certificates have times in whole seconds.
    const notAfter = new Date(Date.now() + 4_000);
    const short = issued({ notAfter });
    const session = await sessionOf(proxy.port, short);
    await sleep(notAfter.getTime() - Date.now() + 10);
    const late = connect(proxy.port, short, { ...tlsVersion, session });
    await late.send(REQUEST);
    await late.closed();
    expect(late.received).toBe('');
    expect(proxy.refusals).toMatchObject([{ reason: 'client certificate: not valid now' }]);
  });

  it('refuses a client again, even if the client resumes the session of its refused connection', async () => {
    for (const pair of [issued({ commonName: 'kms.example' }), issued({}, otherCa)]) {
      // Processes that share a port share their ticket keys.
      const ticketKeys = Buffer.alloc(48, 7);
      const proxy = await startServer({ tls: identity(server, clientAuth), ticketKeys });
      const first = connect(proxy.port, pair, tlsVersion);
      await first.closed();
      const session = first.sessions.at(-1);
      const again = connect(proxy.port, pair, session ? { ...tlsVersion, session } : tlsVersion);
      await again.send(REQUEST);
      await again.closed();
      expect(again.received).toBe('');
      expect(proxy.refusals).toHaveLength(2);
    }
  });

  async function sessionOf(port: number, pair: KeyPair | undefined): Promise<Buffer> {
    const connection = connect(port, pair, tlsVersion);
    await connection.send(REQUEST);
    await connection.answered();
    const session = await vi.waitUntil(() => connection.sessions.at(-1), { timeout: 60_000 });
    connection.reset();
    return session;
  }
});

it.each(['brainpoolP256r1', 'brainpoolP512r1', 'secp256k1'])('a client certificate on %s is refused', async (curve) => {
  const proxy = await startServer({ tls: identity(server, clientAuth) });
  const newKey = `ec -pkeyopt ec_paramgen_curve:${curve}`;
  const connection = connect(proxy.port, opensslCertificate({ newKey, commonName: CN }));
  await connection.send(REQUEST);
  await connection.closed();
  expect(connection.received).toBe('');
  expect(proxy.refusals).toHaveLength(1);
  const next = connect(proxy.port, client);
  await next.send(REQUEST);
  expect(await next.answered()).toMatchObject([{ status: 200 }]);
  next.reset();
});

describe('caFile', () => {
  it.each<[string, string, number]>([
    ['with two authorities admits the clients of both', otherCa.certificate + ca.certificate, 2],
    ['with an intermediate and no root admits nobody', intermediate.certificate, 0],
  ])('%s', async (_what, authorities, admitted) => {
    const proxy = await startServer({ tls: identity(server, { ca: authorities, commonNames: [CN] }) });
    const pairs = [issued({}, otherCa), chain(issued({}, intermediate), intermediate)];
    for (const pair of pairs) {
      const connection = connect(proxy.port, pair);
      await connection.send(REQUEST);
      await connection.answered();
      connection.reset();
    }
    expect(proxy.clients).toHaveLength(admitted);
    expect(proxy.refusals).toHaveLength(pairs.length - admitted);
  });
});

describe('openssl s_client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-mtls-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each<[string, KeyPair, boolean]>([
    ['is served as an admitted client', client, true],
    ['is refused with another CN', issued({ commonName: 'kms.example' }), false],
    ['is refused with another authority', issued({}, otherCa), false],
  ])('%s', async (_who, pair, admitted) => {
    const proxy = await startServer({ tls: identity(server, clientAuth) });
    const { certificateFile, privateKeyFile } = writeKeyPair(folder, 'client', pair);
    const target = ['-connect', `127.0.0.1:${proxy.port}`, '-cert', certificateFile, '-key', privateKeyFile];
    const input = REQUEST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    const { stdout: output } = await runProgram(['openssl', 's_client', ...target, '-ign_eof'], { input });
    expect(output).toContain('CN = xks-proxy test CA');
    expect(output.includes('HTTP/1.1')).toBe(admitted);
    expect(proxy.clients).toHaveLength(admitted ? 1 : 0);
  });
});
