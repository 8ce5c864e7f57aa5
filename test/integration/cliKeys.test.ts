import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pkcs11js from 'pkcs11js';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { checkValueOf } from '../support/checkValueOf.ts';
import { encryptBody, keyPath, requestMetadata } from '../support/messages.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';
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

interface Key {
  readonly label: string;
  readonly checkValue?: string;
}

async function listKeys(): Promise<Key[]> {
  const { exitCode, stdout } = await run('key', 'list', '--json');
  expect(exitCode).toBe(0);
  return JSON.parse(stdout) as Key[];
}

describe('key create', () => {
  it.each([
    ['both-usages', [], ['ENCRYPT', 'DECRYPT']],
    ['encrypt-only', ['--usage', 'encrypt'], ['ENCRYPT']],
    ['decrypt-only', ['--usage', 'decrypt'], ['DECRYPT']],
    ['no-usage', ['--usage', 'none'], []],
  ])('%s: a key that is sensitive, never extractable, and made in the token', async (label, options, keyUsage) => {
    expect(await run('key', 'create', label, ...options)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        new RegExp(
          `^Created ${label} {2}CKA_ID [0-9a-f]{32} {2}AES_256 {2}check value [0-9A-F]{6} .* sensitive {2}not extractable\nA key store serves it when .*\n$`,
        ),
      ) as string,
      stderr: 'warning: this is not recorded in an audit log: the configuration has none\n',
    });
    expect(await listKeys()).toContainEqual({
      label,
      ckaId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      keySpec: 'AES_256',
      checkValue: expect.stringMatching(/^[0-9A-F]{6}$/) as string,
      keyUsage,
      sensitive: true,
      extractable: false,
      alwaysSensitive: true,
      neverExtractable: true,
      local: true,
      private: true,
    });
  });

  it.each([
    ['xks-health', 'It is for the health checks of softhsm: no key store needs it.'],
    ['awaited', 'FILE has it in first already.'],
    ['2026', 'A key store serves it when its keys in FILE have - { id: "2026" }.'],
    [
      'no id',
      'A key store serves it when its keys in FILE have - { id: ID, label: no id }, with an ID of your choice.',
    ],
  ])('says what the configuration uses %s for', async (label, purpose) => {
    const [first, ...others] = files.config.keyStores;
    files.writeConfig({
      ...files.config,
      keyStores: [{ ...first, keys: [...(first?.keys ?? []), { id: 'awaited' }] }, ...others],
    });
    const { exitCode, stdout } = await run('key', 'create', label);
    files.writeConfig(files.config);
    expect({ exitCode, purpose: stdout.split('\n')[1] }).toEqual({
      exitCode: 0,
      purpose: purpose.replace('FILE', files.configFile),
    });
  });

  it('accepts a CKA_ID, and a key store to which the key is added then also selects it by CKA_ID', async () => {
    const { exitCode, stdout } = await run('key', 'create', 'by-id', '--cka-id', '0123AB', '--usage', 'none');
    const checkValue = (await listKeys()).find(({ label }) => label === 'by-id')?.checkValue ?? '';
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout:
        `Created by-id  CKA_ID 0123ab  AES_256  check value ${checkValue}  no usage  sensitive  not extractable\n` +
        `A key store serves it when its keys in ${files.configFile} have - { id: by-id, label: by-id, ckaId: 0123ab }.\n`,
    });
    const added = await run('key', 'create', 'served', '--cka-id', '0456', '--key-store', 'second');
    expect(added).toMatchObject({ exitCode: 0 });
    const { keyStores } = parse(readFileSync(files.configFile, 'utf8')) as typeof files.config;
    expect(keyStores[1]?.keys).toContainEqual({ id: 'served', label: 'served', ckaId: '0456' });
    files.writeConfig(files.config);
  });

  it.each([
    ['is taken', 'again', '0123AB', 1, 'The token has a key with the CKA_ID 0123ab already. Choose another CKA_ID.\n'],
    ['has half a byte', 'half', '0', 2, 'must be an even number of hexadecimal digits'],
    ['is not hexadecimal', 'prefixed', '0x0a', 2, 'such as 0a0b0c, without 0x or separators'],
  ])('refuses a CKA_ID that %s', async (_why, label, ckaId, exitCode, message) => {
    await run('key', 'create', 'by-id', '--cka-id', '0123AB');
    const outcome = await run('key', 'create', label, '--cka-id', ckaId);
    expect(outcome).toMatchObject({ exitCode, stderr: expect.stringContaining(message) as string });
    expect((await listKeys()).map((key) => key.label)).not.toContain(label);
  });

  it('refuses a second key with the same label', async () => {
    const before = await listKeys();
    expect(await run('key', 'create', 'foo')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'The token has a key labelled "foo" already. Choose another label.\n',
    });
    expect(await listKeys()).toEqual(before);
  });

  it.each([
    ['a key store that does not exist', 'orphan', 'nowhere'],
    ['a key store that cannot have it', 'not/an/id', 'first'],
    ['a key store that has one of this id', 'blocked', 'first'],
  ])('for %s makes no key', async (_what, label, keyStore) => {
    const config = readFileSync(files.configFile, 'utf8');
    expect(await run('key', 'create', label, '--key-store', keyStore)).toMatchObject({ exitCode: 1, stdout: '' });
    expect((await listKeys()).map((key) => key.label)).not.toContain(label);
    expect(readFileSync(files.configFile, 'utf8')).toBe(config);
  });
});

describe('a PKCS#11 URI is refused, and its PIN is not printed', () => {
  const uri = 'pkcs11:object=orders;id=%0a%0b?pin-value=hunter2';

  it.each([
    [['create', uri]],
    [['create', 'foo', '--cka-id', uri]],
    [['rotate', uri, '--key-store', 'first']],
    [['rotate', 'foo', '--key-store', 'first', '--label', uri]],
  ])('by key %j', async (args) => {
    expect(await run('key', ...args)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'PKCS#11 URIs are not accepted here; give the label or the CKA_ID that it names: the label orders and the CKA_ID 0a0b\n',
    });
  });
});

describe('key list', () => {
  it('shows the keys in columns, and marks unprotected keys in capitals', async () => {
    const own = new ProxyFiles({ tls: false });
    onTestFinished(() => {
      own.dispose();
    });
    const list = (...options: string[]) =>
      runCommand(['key', 'list', '--config', own.configFile, ...options], own.env).then(({ stdout }) => stdout);
    for (const label of ['foo', 'bar']) own.softHsm.destroyKey(label);
    expect(await list()).toBe('The token has no secret keys.\n');

    const value = Buffer.alloc(32, 1);
    const checkValue = checkValueOf(value);
    const noCheckValue = { type: pkcs11js.CKA_CHECK_VALUE, value: Buffer.alloc(0) };
    const ckaId = (id: string) => ({ type: pkcs11js.CKA_ID, value: Buffer.from(id, 'hex') });
    const open = { type: pkcs11js.CKA_EXTRACTABLE, value: true };
    const not = (type: number) => ({ type, value: false });
    const few = [pkcs11js.CKA_SIGN, pkcs11js.CKA_VERIFY, pkcs11js.CKA_WRAP, pkcs11js.CKA_UNWRAP].map(not);
    own.softHsm.importKey('twin', value, [ckaId('0a0b0c'), open, not(pkcs11js.CKA_SENSITIVE), ...few]);
    own.softHsm.importKey('twin', value, [ckaId('0a'), noCheckValue, not(pkcs11js.CKA_DECRYPT), ...few]);
    own.softHsm.importKey('\x1b[31mréd\x9b', value, [ckaId('01'), ...few]);
    expect(await list()).toBe(
      [
        'LABEL                CKA_ID  KEY      CHECK_VALUE  USAGE            SENSITIVE  EXTRACTABLE  ALWAYS_SENSITIVE  NEVER_EXTRACTABLE  LOCAL',
        String.raw`\u001b[31mréd\u009b  01      AES_256  ${checkValue}       ENCRYPT,DECRYPT  yes        no           no                no                 no`,
        'twin                 0a      AES_256  ?            ENCRYPT          yes        no           no                no                 no',
        `twin                 0a0b0c  AES_256  ${checkValue}       ENCRYPT,DECRYPT  NO         YES          no                no                 no`,
        '',
      ].join('\n'),
    );
    const listed = JSON.parse(await list('--json')) as Key[];
    expect(listed.map((key) => key.checkValue)).toEqual([checkValue, undefined, checkValue]);
    expect(listed).toMatchObject([
      { label: String.raw`\u001b[31mréd\u009b`, ckaId: '01' },
      { label: 'twin', ckaId: '0a', keyUsage: ['ENCRYPT'], alwaysSensitive: false, neverExtractable: false },
      { label: 'twin', ckaId: '0a0b0c', sensitive: false, extractable: true, local: false },
    ]);
  });
});

describe('keystore create', () => {
  it('refuses a name that is taken, and leaves no files behind', async () => {
    const before = [readdirSync(files.folder), readFileSync(files.configFile, 'utf8')];
    const { exitCode, stdout, stderr } = await run('keystore', 'create', 'first');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/keyStores\[2\].name \(line \d+\): is the same as keyStores\[0\].name/);
    expect([readdirSync(files.folder), readFileSync(files.configFile, 'utf8')]).toEqual(before);
  });

  it('makes a key store with a key, and a proxy serves it', async () => {
    writeFileSync(files.configFile, `# Kept: a comment.\n${readFileSync(files.configFile, 'utf8')}`);
    const { exitCode, stdout, stderr } = await run('keystore', 'create', 'third', '--uri-path-prefix', '/a/third');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Added the key store third');
    const credentialFile = JSON.parse(stdout) as {
      XksProxyUriPath: string;
      XksProxyAuthenticationCredential: { AccessKeyId: string; RawSecretAccessKey: string };
    };
    expect(credentialFile.XksProxyUriPath).toBe('/a/third/kms/xks/v1');
    const { AccessKeyId: accessKeyId, RawSecretAccessKey: secret } = credentialFile.XksProxyAuthenticationCredential;
    expect(accessKeyId).toMatch(/^[A-Z2-7]{20,30}$/);
    expect(secret).toMatch(/^[A-Za-z0-9/+=]{43,64}$/);

    const config = readFileSync(files.configFile, 'utf8');
    expect(config).toMatch(/^# Kept: a comment\.\n/);
    expect(config).not.toContain(secret);
    const secretFile = readdirSync(files.folder).find((name) => name.includes(accessKeyId)) ?? '';
    expect(statSync(join(files.folder, secretFile)).mode & 0o777).toBe(0o600);
    expect(stderr + (await run('config', 'check')).stdout).not.toContain(secret);

    expect(await run('key', 'create', 'new', '--key-store', 'third')).toMatchObject({ exitCode: 0 });
    const proxy = await RunningProxy.start(files);
    onTestFinished(() => {
      proxy.signal('SIGKILL');
    });
    const options = { credential: { accessKeyId, secretAccessKey: new Secret(secret) } };
    const metadata = await proxy.post(keyPath('new', 'metadata', '/a/third'), { requestMetadata }, options);
    expect(metadata.body).toEqual({ keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' });
    const sealed = await proxy.post(keyPath('new', 'encrypt', '/a/third'), encryptBody, options);
    const opened = await proxy.post(keyPath('new', 'decrypt', '/a/third'), { ...encryptBody, ...sealed.body }, options);
    expect(opened).toMatchObject({ status: 200, body: { plaintext: encryptBody.plaintext } });
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(0);
  });
});
