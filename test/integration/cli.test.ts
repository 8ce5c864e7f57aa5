import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { xksProxyUriPath } from '../../src/xks/path.ts';
import { OTHER_PREFIX, PREFIX } from '../support/signedRequest.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { ProxyFiles, runCommand } from '../support/runningProxy.ts';

let files: ProxyFiles;
beforeAll(() => {
  files = new ProxyFiles();
});
beforeEach(() => {
  files.writeConfig(files.config);
});
afterAll(() => {
  files.dispose();
});

/** The commands that the help of a command lists. */
function commandsOf(help: string): string[] {
  const [, list = ''] = help.split('\nCommands:\n');
  return [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

describe('xks-proxy', () => {
  it('--help of every command exits with 0', async () => {
    const seen: string[] = [];
    const explore = async (words: readonly string[]): Promise<void> => {
      const { exitCode, stdout, stderr } = await runCommandHere([...words, '--help']);
      expect({ words, exitCode, stderr }).toEqual({ words, exitCode: 0, stderr: '' });
      expect(stdout.split('\n')[0]).toContain(['Usage: xks-proxy', ...words].join(' '));
      seen.push(words.join(' '));
      await Promise.all(commandsOf(stdout).map((name) => explore([...words, name])));
    };
    await explore([]);
    expect(seen).toEqual(
      expect.arrayContaining(['serve', 'config check', 'config schema', 'keystore create', 'key create', 'key list']),
    );
  });

  it('--version exits with 0', async () => {
    expect(await runCommand(['--version'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });

  it.each([
    ['nothing', []],
    ['an unknown command', ['frobnicate']],
    ['half a command', ['key']],
    ['an unknown option', ['--frobnicate']],
    ['an unknown option of a command', ['serve', '--frobnicate']],
    ['an option without its value', ['serve', '--config']],
    ['an argument too many', ['config', 'check', '--config', 'a.yaml', 'b.yaml']],
    ['an argument too few', ['key', 'create', '--config', 'a.yaml']],
    ['an unknown usage', ['key', 'create', 'a', '--config', 'a.yaml', '--usage', 'sign']],
  ])('%s is a usage error, and exits with 2', async (_what, args) => {
    const { exitCode, stdout, stderr } = await runCommandHere(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/Usage: xks-proxy|\(add --help for usage\)/);
  });
});

describe('config', () => {
  it('schema prints a JSON Schema that fits the configuration', async () => {
    const { exitCode, stdout } = await runCommandHere(['config', 'schema']);
    expect(exitCode).toBe(0);
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(stdout) as object);
    expect([validate(files.config), validate.errors]).toEqual([true, null]);
    expect(validate({ ...files.config, sever: {} })).toBe(false);
    const withManager = (setting: object) => {
      const keyManagers = files.config.keyManagers.map(({ name, pkcs11 }) => ({
        name,
        pkcs11: { ...pkcs11, ...setting },
      }));
      return validate({ ...files.config, keyManagers });
    };
    expect([{ isolation: 'thread' }, { calls: 'threadpool' }, { isolation: 'pool' }].map(withManager)).toEqual([
      true,
      true,
      false,
    ]);
    const slots = [3, '0xFFFFFFFFFFFFFFFF', '1f'].map((slot) => withManager({ token: { slot } }));
    expect(slots).toEqual([true, true, false]);
    const ckaIds = ['0A0b', '0'].map((ckaId) => {
      const keyStores = files.config.keyStores.map((store) => ({ ...store, keys: [{ id: 'foo', ckaId }] }));
      return validate({ ...files.config, keyStores });
    });
    expect(ckaIds).toEqual([true, false]);
  });

  it('check describes the proxy that would run', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['config', 'check', '--config', files.configFile]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const part of [
      'https://127.0.0.1:0, for us-east-1',
      `key manager softhsm: ${files.softHsm.module}, isolation none, token label first, 8 sessions`,
      'audit log: none, records go to the log stream only',
      `key store first: ${xksProxyUriPath(PREFIX)}`,
      `key store second: ${xksProxyUriPath(OTHER_PREFIX)}`,
      files.otherCredential.accessKeyId,
      'foo, blocked (blocked)',
    ]) {
      expect(stdout).toContain(part);
    }
    for (const { secretAccessKey } of files.credentials) expect(stdout).not.toContain(secretAccessKey.reveal());
    expect(stdout).not.toContain(files.softHsm.pin.reveal());
  });

  it('check refuses a secret that everyone may read, and says what to do', async () => {
    const { file } = files.writeSecret('pin', files.softHsm.pin.reveal());
    chmodSync(file, 0o644);
    const { exitCode, stderr } = await runCommandHere(['config', 'check', '--config', files.configFile]);
    chmodSync(file, 0o600);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/keyManagers\[0\]\.pkcs11\.pin \(line \d+\): names /);
    expect(stderr).toContain(`names ${file}, which everyone may read`);
    expect(stderr).toContain(`chmod o-rwx '${file}'`);
  });

  it('check takes a secret from the environment', async () => {
    const [keyManager] = files.config.keyManagers;
    files.writeConfig({
      ...files.config,
      keyManagers: [{ ...keyManager, pkcs11: { ...keyManager?.pkcs11, pin: { env: 'HSM_PIN' } } }],
    });
    const check = (env: Record<string, string>) =>
      runCommandHere(['config', 'check', '--config', files.configFile], { env });
    expect(await check({ HSM_PIN: '1234' })).toMatchObject({ exitCode: 0 });
    expect(await check({})).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('names an environment variable that is not set') as string,
    });
  });

  it('check reports a missing file', async () => {
    expect(await runCommand(['config', 'check', '--config', join(files.folder, 'no.yaml')])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('the file cannot be read (ENOENT)') as string,
    });
  });
});
