import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { listenLocally, type LocalServer } from '../support/listenLocally.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import { runProgram } from '../support/runProgram.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;
/** A server that accepts the options that the proxy must refuse. It shows that openssl really offers them. */
const anything = createServer({
  cert: testCertificates.server.certificate,
  key: testCertificates.server.privateKey,
  minVersion: 'TLSv1',
  ecdhCurve: 'X25519:secp224r1',
  sigalgs: 'RSA-PSS+SHA256:RSA+SHA256:RSA+SHA1',
  ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256',
});
let lenient: LocalServer;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles());
  lenient = await listenLocally(anything.on('tlsClientError', () => undefined));
});
afterEach(() => proxy.proveService());
afterAll(async () => {
  await proxy.dispose();
  await lenient.close();
});

/** The output of openssl for a handshake with this port, such as `New, TLSv1.3, Cipher is ...`. */
async function handshake(port: number, options: string): Promise<string> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', proxy.files.caFile, ...options.split(' ')];
  // The configuration file of this machine may disable options that the test offers.
  const env = { OPENSSL_CONF: '/dev/null' };
  return (await runProgram(['openssl', ...args], { env })).stdout;
}

describe('TLS', () => {
  it.each([
    ['-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384', 'New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384'],
    ['-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256', 'New, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256'],
    ['-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384', 'New, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384'],
    ['-tls1_3', 'New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384'],
    ['-tls1_2', 'New, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384'],
  ])('accepts %s', async (options, said) => {
    const output = await handshake(proxy.port, options);
    expect(output).toContain(said);
    expect(output).toContain('Verify return code: 0 (ok)');
  });

  it.each([
    '-tls1 -cipher ALL:@SECLEVEL=0',
    '-tls1_1 -cipher ALL:@SECLEVEL=0',
    '-tls1_2 -cipher AES128-GCM-SHA256',
    '-tls1_2 -cipher AES256-GCM-SHA384',
    '-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256',
    '-tls1_2 -cipher ECDHE-RSA-AES256-SHA384',
    '-tls1_2 -cipher ECDHE-RSA-AES256-SHA',
    '-tls1_2 -cipher AES256-SHA',
    '-tls1_2 -curves secp224r1',
    '-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0 -sigalgs RSA+SHA1',
    '-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305',
    '-tls1_2 -cipher aNULL:eNULL:@SECLEVEL=0',
    '-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256',
    '-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256',
  ])('refuses %s', async (options) => {
    expect(await handshake((anything.address() as AddressInfo).port, options)).toMatch(
      /New, (TLSv1\S*|SSLv3), Cipher is (?!\(NONE\))/,
    );
    expect(await handshake(proxy.port, options)).toContain('New, (NONE), Cipher is (NONE)');
  });

  it('chooses HTTP/1.1 if a client also offers HTTP/2', async () => {
    expect(await handshake(proxy.port, '-alpn h2,http/1.1')).toContain('ALPN protocol: http/1.1');
  });
});

describe('without TLS, on the port for TLS,', () => {
  it('HTTP is not answered', async () => {
    const [credential] = proxy.files.credentials;
    const connection = new RawConnection(proxy.port);
    await connection.send(rawPost({ credential }));
    await connection.closed();
    expect(connection.received).not.toContain('HTTP');
  });

  it('random bytes are not answered', async () => {
    for (let count = 0; count < 20; count += 1) {
      const connection = new RawConnection(proxy.port);
      // This is longer than a TLS record, so the server does not wait for the rest of one.
      await connection.send(randomBytes(20_000));
      await connection.closed();
      expect(connection.received).not.toContain('HTTP');
    }
  });
});

it('a signed request in raw bytes over TLS succeeds', async () => {
  const [credential] = proxy.files.credentials;
  const connection = new RawConnection(proxy.port, { ca: testCertificates.ca.certificate });
  await connection.send(rawPost({ credential }));
  expect(await connection.answered()).toMatchObject([{ status: 200 }]);
  connection.reset();
});
