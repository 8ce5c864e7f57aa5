import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import {
  issueEcdsaServerCertificate,
  issueIntermediate,
  issueServerCertificate,
  type KeyPair,
} from '../../certs/issueCertificate.ts';
import { Secret } from '../../src/secret.ts';
import { testCertificates } from '../support/certificates.ts';
import { identity, REQUEST, startServer } from '../support/listeningServer.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { runProgram } from '../support/runProgram.ts';

const { ca } = testCertificates;
const intermediate = issueIntermediate(ca);
const chained = issueServerCertificate(intermediate);
const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-tls-'));
const { certificateFile: caFile } = writeKeyPair(folder, 'ca', ca);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The output of openssl for a connection to this port. */
async function openssl(port: number, options: string, input = ''): Promise<string> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', caFile, ...options.split(' ')];
  const env = { OPENSSL_CONF: '/dev/null' };
  const { stdout, stderr } = await runProgram(['openssl', ...args], { env, input });
  return stdout + stderr;
}

describe('server certificates', () => {
  it.each<[string, KeyPair, string, string]>([
    ['RSA', testCertificates.server, 'ECDHE-RSA-AES256-GCM-SHA384', '2048 bit'],
    ['P-256', issueEcdsaServerCertificate(ca, 'P-256'), 'ECDHE-ECDSA-AES256-GCM-SHA384', '256 bit'],
    ['P-384', issueEcdsaServerCertificate(ca, 'P-384'), 'ECDHE-ECDSA-AES256-GCM-SHA384', '384 bit'],
    [
      'with an intermediate',
      { ...chained, certificate: chained.certificate + intermediate.certificate },
      'ECDHE-RSA-AES256-GCM-SHA384',
      '2048 bit',
    ],
  ])('are accepted by openssl: %s', async (_what, pair, suite, size) => {
    const { port } = await startServer({ tls: identity(pair) });
    const older = await openssl(port, '-tls1_2');
    expect(older).toContain(`New, TLSv1.2, Cipher is ${suite}`);
    expect(older).toContain(`Server public key is ${size}`);
    expect(older).toContain('Verify return code: 0 (ok)');
    const newer = await openssl(port, '-tls1_3');
    expect(newer).toContain('New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384');
    expect(newer).toContain('Verify return code: 0 (ok)');
  });

  it('do not permit a renegotiation', async () => {
    const proxy = await startServer();
    expect(await openssl(proxy.port, '-tls1_2', 'R\n')).toContain('no renegotiation');
  });
});

describe('session resumption', () => {
  it.each(['-tls1_2', '-tls1_3'])('works for openssl s_client %s', async (version) => {
    const { port } = await startServer();
    const session = join(folder, 'session.pem');
    const wait = REQUEST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    expect(await openssl(port, `${version} -ign_eof -sess_out ${session}`, wait)).toContain('New, TLSv1.');
    expect(await openssl(port, `${version} -sess_in ${session}`)).toContain('Reused, TLSv1.');
  });

  it.each<[SecureVersion, string, boolean]>([
    ['TLSv1.2', 'the same keys', true],
    ['TLSv1.3', 'the same keys', true],
    ['TLSv1.3', 'other keys', false],
  ])('%s in a process with %s for its tickets (%#)', async (version, keys, reused) => {
    const ticketKeys = Buffer.alloc(48, 1);
    const first = await startServer({ ticketKeys });
    const second = await startServer({ ticketKeys: keys === 'other keys' ? Buffer.alloc(48, 2) : ticketKeys });
    const options = { ca: ca.certificate, minVersion: version, maxVersion: version };
    const begun = new RawConnection(first.port, options);
    const session = await vi.waitUntil(() => begun.sessions.at(-1), { timeout: 60_000 });
    begun.reset();
    const resumed = new RawConnection(second.port, { ...options, session });
    await resumed.send(REQUEST);
    expect(await resumed.answered()).toMatchObject([{ status: 200 }]);
    expect(resumed.tls.isSessionReused()).toBe(reused);
    resumed.reset();
  });

  it('still works after the certificate is replaced by its successor', async () => {
    const proxy = await startServer();
    const begun = new RawConnection(proxy.port, { ca: ca.certificate });
    const session = await vi.waitUntil(() => begun.sessions.at(-1), { timeout: 60_000 });
    begun.reset();
    proxy.setTls(identity(issueServerCertificate(ca)));
    const resumed = new RawConnection(proxy.port, { ca: ca.certificate, session });
    await resumed.send(REQUEST);
    await resumed.answered();
    expect(resumed.tls.isSessionReused()).toBe(true);
    resumed.reset();
  });
});

describe('setTls', () => {
  const next = issueServerCertificate(ca, { commonName: 'next.example' });

  it('shows the new certificate to new connections, and keeps open ones', async () => {
    const proxy = await startServer();
    const open = new RawConnection(proxy.port, { ca: ca.certificate });
    await open.send(REQUEST);
    await open.answered();
    proxy.setTls(identity(next));
    await open.send(REQUEST);
    expect(await open.answered(2)).toMatchObject([{ status: 200 }, { status: 200 }]);
    const late = new RawConnection(proxy.port, { ca: ca.certificate });
    await late.send(REQUEST);
    await late.answered();
    expect(late.tls.getPeerX509Certificate()?.subject).toContain('next.example');
    expect(open.tls.getPeerX509Certificate()?.subject).not.toContain('next.example');
    for (const connection of [open, late]) connection.reset();
  });

  it('does not change a handshake that has begun', async () => {
    const clientAuth = { ca: ca.certificate, commonNames: ['cks.kms.us-east-1.amazonaws.com'] };
    const proxy = await startServer({ tls: identity(testCertificates.server, clientAuth) });
    const { certificate: cert, privateKey: key } = testCertificates.client;
    const socket = connectTcp(proxy.port, '127.0.0.1');
    const tunnel = new Duplex({
      read: () => undefined,
      write: (bytes, _encoding, done) => socket.write(bytes as Buffer, done),
    });
    // The server's settings change while its first answer is on the way.
    socket.once('data', () => {
      proxy.setTls(identity(next, { ca: next.certificate, commonNames: ['another'] }));
    });
    socket.on('data', (bytes) => tunnel.push(bytes));
    const client = connectTls({ socket: tunnel, host: '127.0.0.1', ca: ca.certificate, cert, key });
    client.write(REQUEST);
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toContain('200 OK');
    expect(client.getPeerX509Certificate()?.subject).not.toContain('next.example');
    socket.destroy();
  });

  it.each<[string, KeyPair]>([
    ['another key', { ...next, privateKey: testCertificates.client.privateKey }],
    ['no certificate', { ...next, certificate: 'none' }],
  ])('throws and changes nothing for %s', async (_what, pair) => {
    const proxy = await startServer();
    expect(() => {
      proxy.setTls({ certificate: pair.certificate, privateKey: new Secret(pair.privateKey), clientAuth: undefined });
    }).toThrow();
    const connection = new RawConnection(proxy.port, { ca: ca.certificate });
    await connection.send(REQUEST);
    expect(await connection.answered()).toMatchObject([{ status: 200 }]);
    expect(new X509Certificate(testCertificates.server.certificate).subject).toBe(
      connection.tls.getPeerX509Certificate()?.subject,
    );
    connection.reset();
  });

  it('20 times under load loses no request', async () => {
    const proxy = await startServer();
    const identities = [identity(next), identity()];
    const kept = new Agent({ ca: ca.certificate, keepAlive: true, maxSockets: 4 });
    let switching = true;
    const client = async (agent: Agent | undefined): Promise<number[]> => {
      const statuses: number[] = [];
      while (switching) statuses.push(await get(proxy.port, agent));
      return statuses;
    };
    const clients = [kept, kept, undefined, undefined, undefined].map(client);
    for (let count = 0; count < 20; count += 1) {
      const before = proxy.clients.length;
      proxy.setTls(identities[count % 2] ?? identity());
      await vi.waitUntil(() => proxy.clients.length > before + 10, { timeout: 60_000 });
    }
    switching = false;
    const statuses = (await Promise.all(clients)).flat();
    kept.destroy();
    expect(statuses.length).toBeGreaterThan(200);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(proxy.refusals).toEqual([]);
  });

  async function get(port: number, agent: Agent | undefined): Promise<number> {
    const sent = request({ host: '127.0.0.1', port, ca: ca.certificate, agent: agent ?? false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response.statusCode ?? NaN;
  }
});
