import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { auditDirectory, auditedFiles, verify } from '../support/auditedProxy.ts';
import { auditRecords } from '../support/auditRecords.ts';
import { reconfigure } from '../support/reconfigurableProxy.ts';
import { RunningProxy, runCommand, type ProxyFiles } from '../support/runningProxy.ts';
import type { CommandOutcome } from '../support/runProgram.ts';

const files = auditedFiles();

beforeAll(() => {
  mkdirSync(auditDirectory(files), { mode: 0o700 });
});
afterAll(() => {
  files.dispose();
});

function run(...args: readonly string[]): Promise<CommandOutcome> {
  return runCommand([...args, '--config', files.configFile], files.env);
}

it('commands that change keys or credentials are recorded, with their user', async () => {
  const acted = () => auditRecords(auditDirectory(files)).filter(({ type }) => type === 'admin');
  const before = acted().length;
  const outcomes = [
    await run('key', 'create', 'new-key', '--key-store', 'first'),
    await run('key', 'rotate', 'new-key', '--key-store', 'first'),
    await run('keystore', 'create', 'third'),
    await run('credential', 'add', 'third'),
  ];
  for (const { exitCode, stderr } of outcomes)
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('warning')]);
  const credential = JSON.parse(outcomes[3]?.stdout ?? '') as {
    XksProxyAuthenticationCredential: { AccessKeyId: string; RawSecretAccessKey: string };
  };
  const { AccessKeyId: accessKeyId, RawSecretAccessKey: secret } = credential.XksProxyAuthenticationCredential;
  await run('credential', 'remove', 'third', accessKeyId);

  const acts = acted().slice(before);
  const checkValue = expect.stringMatching(/^[0-9A-F]{6}$/) as string;
  expect(acts).toMatchObject([
    { act: 'key create', changed: 'token', keyManager: 'softhsm', label: 'new-key', keySpec: 'AES_256', checkValue },
    { act: 'key create', changed: 'configuration', keyStore: 'first', externalKeyId: 'new-key' },
    { act: 'key rotate', changed: 'token', label: 'new-key-v2', checkValue },
    { act: 'key rotate', changed: 'configuration', externalKeyId: 'new-key', keyVersion: 'new-key-v2' },
    { act: 'keystore create', keyStore: 'third', uriPathPrefix: '/third' },
    { act: 'credential add', keyStore: 'third', accessKeyId },
    { act: 'credential remove', keyStore: 'third', accessKeyId },
  ]);
  for (const { user } of acts) expect(user).toMatchObject({ uid: userInfo().uid, name: userInfo().username });
  expect(JSON.stringify(auditRecords(auditDirectory(files)))).not.toContain(secret);
  expect((await verify(auditDirectory(files))).exitCode).toBe(0);
});

it('an act has its record however long the name of its user is', async () => {
  const args = ['key', 'create', 'by-a-long-name', '--config', files.configFile];
  expect(await runCommand(args, { ...files.env, SUDO_USER: 'x'.repeat(70_000) })).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
  const act = auditRecords(auditDirectory(files)).find(({ label }) => label === 'by-a-long-name');
  expect(act).toMatchObject({ type: 'admin', user: { sudoUser: expect.stringMatching(/^x+\.\.\.$/) as string } });
  expect((await verify(auditDirectory(files))).exitCode).toBe(0);
});

it('commands that run at once wait for each other', async () => {
  const count = () => auditRecords(auditDirectory(files)).filter(({ act }) => act === 'key block').length;
  const before = count();
  // Commands without a token, because SoftHSM fails if several processes use one while it changes.
  const keys = [
    ['first', 'foo'],
    ['first', 'blocked'],
    ['second', 'bar'],
  ] as const;
  const blocked = await Promise.all(keys.map(([keyStore, key]) => run('key', 'block', key, '--key-store', keyStore)));
  for (const outcome of blocked) expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  expect(count()).toBe(before + keys.length);
});

it('a command whose act cannot be recorded warns after it has acted', async () => {
  const broken = auditedFiles({ audit: { directory: 'nowhere' } });
  const args = ['key', 'create', 'unrecorded', '--config', broken.configFile];
  const { exitCode, stdout, stderr } = await runCommand(args, broken.env);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining('Created unrecorded') as string,
  });
  expect(stderr).toBe(
    `warning: this is not recorded in an audit log: ${join(broken.folder, 'nowhere')} does not exist yet; the proxy makes it\n`,
  );
  broken.dispose();
});

describe.runIf(process.getuid?.() === 0)("root in a directory of the proxy's user", () => {
  const USER = 12_345;
  let owned: ProxyFiles;
  let run: () => Promise<CommandOutcome>;
  beforeEach(() => {
    owned = auditedFiles();
    run = () => runCommand(['key', 'block', 'foo', '--key-store', 'first', '--config', owned.configFile], owned.env);
    onTestFinished(() => {
      owned.dispose();
    });
    chmodSync(owned.folder, 0o755);
    mkdirSync(auditDirectory(owned), { mode: 0o700 });
    chownSync(auditDirectory(owned), USER, USER);
  });

  it('makes no file through a link of this user', async () => {
    const [log, target] = [join(auditDirectory(owned), 'cli'), join(owned.folder, 'target')];
    expect((await run()).exitCode).toBe(0);
    const vkey = readFileSync(join(log, 'vkey'));
    rmSync(log, { recursive: true });
    mkdirSync(log);
    writeFileSync(join(log, 'vkey'), vkey);
    const link = join(log, `${'0'.repeat(20)}.checkpoints`);
    symlinkSync(target, link);
    for (const path of [log, join(log, 'vkey'), link]) lchownSync(path, USER, USER);
    await runCommand(['key', 'unblock', 'foo', '--key-store', 'first', '--config', owned.configFile], owned.env);
    expect(existsSync(target)).toBe(false);
  });

  it('makes no log behind a link that stands for the directory', async () => {
    const target = join(owned.folder, 'target');
    mkdirSync(target);
    rmSync(auditDirectory(owned), { recursive: true });
    symlinkSync(target, auditDirectory(owned));
    lchownSync(auditDirectory(owned), USER, USER);
    expect((await run()).stderr).toContain('this is not recorded in an audit log: EACCES');
    expect(readdirSync(target)).toEqual([]);
  });
});

it('reloads are recorded with their changes, also if they were refused', async () => {
  const before = readFileSync(files.configFile);
  onTestFinished(() => {
    writeFileSync(files.configFile, before);
  });
  const proxy = await RunningProxy.start(files);
  const configuration = files.config;
  const audit = { directory: 'audit', origin: 'xks.example.com/proxy-1', key: { file: 'audit.key' } };
  const [first, ...others] = configuration.keyStores;
  await reconfigure(proxy, {
    ...configuration,
    audit,
    keyStores: [{ ...first, keys: [{ id: 'foo', status: 'blocked' }] }, ...others],
  });
  writeFileSync(files.configFile, 'nonsense');
  proxy.signal('SIGHUP');
  await proxy.logged({ msg: 'the configuration is not reloaded: the previous one stays in force' });
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
  const reloads = auditRecords(auditDirectory(files)).filter(({ type }) => type === 'reload');
  expect(reloads[0]).toMatchObject({ trigger: 'SIGHUP', outcome: 'success' });
  expect(reloads[0]?.['changes']).toContain('keyStores.first.keys.foo.status: "enabled" to "blocked"');
  expect(reloads.at(-1)).toMatchObject({ outcome: 'failure', problems: [expect.any(String) as string] });
});
