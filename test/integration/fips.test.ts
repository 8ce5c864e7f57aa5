import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { encryptBody, paths, requestMetadata } from '../support/messages.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';

const ROOT = join(import.meta.dirname, '../..');
// OPENSSL_MODULES names the folder of the provider if it was not installed from a package.
const [provider] = [process.env['OPENSSL_MODULES'] ?? '/usr/lib/*/ossl-modules'].flatMap((folder) =>
  globSync(join(folder, 'fips.so')),
);

// Debian 13 has a package with the provider, and Debian 12 does not.
describe.runIf(provider !== undefined)('FIPS mode, set up as docs/fips.md says', () => {
  let files: ProxyFiles;
  let proxy: RunningProxy | undefined;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    files = new ProxyFiles();
    const { folder, config } = files;
    execFileSync('openssl', ['fipsinstall', '-module', provider ?? '', '-out', join(folder, 'fipsmodule.cnf')], {
      stdio: 'pipe',
    });
    const [, text = ''] = /^```ini\n(.*?)^```$/ms.exec(readFileSync(join(ROOT, 'docs/fips.md'), 'utf8')) ?? [];
    const settings = join(folder, 'openssl.cnf');
    writeFileSync(settings, text.replace('/etc/xks-proxy', folder));
    env = { OPENSSL_CONF: settings, OPENSSL_MODULES: dirname(provider ?? ''), NODE_OPTIONS: '--enable-fips' };
    Object.assign(files.env, env);
    files.writeConfig({ ...config, server: { ...config.server, workers: 2 } });
    proxy = await RunningProxy.start(files);
  });
  afterAll(async () => {
    await proxy?.dispose();
  });

  it('is reported by doctor', async () => {
    const { stdout } = await runCommand(['doctor', '--config', files.configFile], files.env);
    expect(stdout).toMatch(/^ok +node: Node\.js \S+, in FIPS mode$/m);
    expect(stdout).toMatch(/^ok +TLS handshake: /m);
  });

  it('encrypts and decrypts over TLS', async () => {
    const { body } = (await proxy?.post(paths.encrypt, encryptBody)) ?? {};
    expect(
      await proxy?.post(paths.decrypt, { requestMetadata, encryptionAlgorithm: 'AES_GCM', ...body }),
    ).toMatchObject({
      status: 200,
      body: { plaintext: encryptBody.plaintext },
    });
  });

  it.each([
    ['ChaCha20-Poly1305', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256', minVersion: 'TLSv1.3' as const }],
    ['X25519', { ecdhCurve: 'X25519' }],
  ])('refuses a client that offers only %s', async (_, offer) => {
    const { port = 0 } = proxy ?? {};
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca: testCertificates.ca.certificate, ...offer });
    await expect(once(socket, 'secureConnect')).rejects.toThrow('handshake failure');
    socket.destroy();
  });
});
