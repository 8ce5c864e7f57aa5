import { readFileSync } from 'node:fs';
import pkcs11js from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Secret } from '../../src/secret.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { encryptBody, keyPath, paths } from '../support/messages.ts';
import { ProxyFiles, runCommand, RunningProxy, type Answer } from '../support/runningProxy.ts';
import type { CommandOutcome } from '../support/runProgram.ts';

let files: ProxyFiles;
beforeAll(() => {
  files = new ProxyFiles({ tls: false });
});
afterAll(() => {
  files.dispose();
});

function run(...args: string[]): Promise<CommandOutcome> {
  return runCommand([...args, '--config', files.configFile], files.env);
}

/** Runs the proxy with the present configuration. */
async function serving<T>(use: (proxy: RunningProxy) => Promise<T>): Promise<T> {
  const proxy = await RunningProxy.start(files);
  try {
    return await use(proxy);
  } finally {
    proxy.signal('SIGTERM');
    await proxy.exitCode;
  }
}

function encryptWith(credential: Credential): Promise<number> {
  return serving(async (proxy) => (await proxy.post(paths.encrypt, encryptBody, { credential })).status);
}

describe('credential', () => {
  it('add adds a credential, remove deletes the old one, and the last one cannot be removed', async () => {
    const [old, other] = files.credentials;
    const added = await run('credential', 'add', 'first');
    expect(added).toMatchObject({ exitCode: 0 });
    const { XksProxyAuthenticationCredential: given } = JSON.parse(added.stdout) as {
      XksProxyAuthenticationCredential: { AccessKeyId: string; RawSecretAccessKey: string };
    };
    const fresh = { accessKeyId: given.AccessKeyId, secretAccessKey: new Secret(given.RawSecretAccessKey) };
    const ids = [old.accessKeyId, other.accessKeyId, fresh.accessKeyId];
    expect((await run('credential', 'list', 'first')).stdout).toBe(ids.map((id) => `${id}\n`).join(''));
    expect(await encryptWith(fresh)).toBe(200);
    expect(await encryptWith(old)).toBe(200);

    for (const { accessKeyId } of [old, other]) {
      expect(await run('credential', 'remove', 'first', accessKeyId)).toMatchObject({ exitCode: 0 });
    }
    expect(await encryptWith(old)).toBe(401);
    expect(await encryptWith(fresh)).toBe(200);
    const last = await run('credential', 'remove', 'first', fresh.accessKeyId);
    expect(last).toMatchObject({ exitCode: 1, stderr: 'it is the only credential of first; add another first\n' });
    expect(await run('credential', 'remove', 'first', old.accessKeyId)).toMatchObject({ exitCode: 1 });
    expect(await run('credential', 'list', 'none')).toMatchObject({ exitCode: 1 });
  });
});

describe('key rotate', () => {
  it('encrypts with the new version, and all versions decrypt', async () => {
    const [credential] = [files.otherCredential];
    const path = (operation: string) => `/other/kms/xks/v1/keys/bar/${operation}`;
    const encrypt = () => serving((proxy) => proxy.post(path('encrypt'), encryptBody, { credential }));
    const sealed: Answer[] = [await encrypt()];
    for (const version of [2, 3]) {
      const { exitCode, stdout } = await run('key', 'rotate', 'bar', '--key-store', 'second');
      expect({ exitCode, stdout }).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining(`bar-v${version}`) as string,
      });
      sealed.push(await encrypt());
    }
    const metadata = sealed.map(({ body }) => body['ciphertextMetadata']);
    expect(metadata[0]).toBeUndefined();
    expect(new Set(metadata).size).toBe(3);
    await serving(async (proxy) => {
      for (const { body } of sealed) {
        const opened = await proxy.post(path('decrypt'), { ...encryptBody, ...body }, { credential });
        expect(opened.body).toEqual({ plaintext: encryptBody.plaintext });
      }
    });
    const staged = await run('key', 'rotate', 'bar', '--decrypt-only', '--key-store', 'second');
    expect(staged.stdout).toContain('remove decryptOnly');
    expect((await encrypt()).body['ciphertextMetadata']).toBe(metadata[2]);
    expect((await run('config', 'check')).stdout).toContain('bar (4 versions)');
    expect(await run('key', 'rotate', 'gone', '--key-store', 'second')).toMatchObject({ exitCode: 1 });
  });

  it('keeps a key that is selected by its CKA_ID, and selects the new version by CKA_ID too', async () => {
    const value = Buffer.alloc(32, 7);
    files.softHsm.importKey('bar', value, [{ type: pkcs11js.CKA_ID, value: Buffer.from('0123', 'hex') }]);
    const written = files.config;
    files.writeConfig({
      ...written,
      keyStores: written.keyStores.map((store) => ({ ...store, keys: [{ id: 'twin', ckaId: '0123' }] })),
    });
    const path = (operation: 'encrypt' | 'decrypt') => keyPath('twin', operation);
    const sealed = await serving((proxy) => proxy.post(path('encrypt'), encryptBody));
    const { stdout } = await run('key', 'rotate', 'twin', '--key-store', 'first');
    const [, ckaId = ''] = /^Created twin-v2 {2}CKA_ID ([0-9a-f]{32}) /.exec(stdout) ?? [];
    const { keyStores } = parse(readFileSync(files.configFile, 'utf8')) as typeof written;
    expect(keyStores[0]?.keys).toEqual([{ id: 'twin', versions: [{ ckaId: '0123' }, { label: 'twin-v2', ckaId }] }]);
    await serving(async (proxy) => {
      const again = await proxy.post(path('encrypt'), encryptBody);
      expect(again.body['ciphertextMetadata']).toBeDefined();
      for (const { body } of [sealed, again]) {
        expect(await proxy.post(path('decrypt'), { ...encryptBody, ...body })).toMatchObject({ status: 200 });
      }
    });
  });
});

describe('a key store with several key managers', () => {
  const until = (name: string) =>
    `Until then, only ${name} can use it, and requests that need it fail when ${name} fails.\n`;

  it('needs a copy of each new key in the others, as the commands say', async () => {
    const { keyManagers, keyStores, ...others } = files.config;
    const [manager] = keyManagers;
    const names = ['softhsm', 'replica'];
    files.writeConfig({
      ...others,
      keyManagers: names.map((name) => ({ ...manager, name })),
      keyStores: keyStores.map((store) => ({ ...store, keyManagers: names })),
    });
    const created = await run('key', 'create', 'copied', '--key-store', 'second', '--key-manager', 'replica');
    expect(created.stdout).toContain(`Copy copied from replica to softhsm now. ${until('replica')}`);
    const rotated = await run('key', 'rotate', 'copied', '--key-store', 'second');
    expect(rotated.stdout).toContain(`Copy copied-v2 from softhsm to replica now. ${until('softhsm')}`);
    const staged = await run('key', 'rotate', 'copied', '--key-store', 'second', '--decrypt-only');
    expect(staged.stdout).toContain('Copy copied-v3 from softhsm to replica before you remove decryptOnly. ');
    expect(await run('key', 'create', 'x', '--key-manager', 'soft')).toMatchObject({
      exitCode: 1,
      stderr: 'no key manager soft; there is softhsm, replica\n',
    });
  });
});
