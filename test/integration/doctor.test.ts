import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import pkcs11js from 'pkcs11js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';

interface Report {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

// Nothing listens here, so no test uses the network.
const PEER = ['--peer', 'http://127.0.0.1:1/'];

let files: ProxyFiles;
let faulty: FaultyModule | undefined;

beforeEach(() => {
  files = new ProxyFiles();
  files.softHsm.importKey('xks-health', randomBytes(32));
});

afterEach(() => {
  faulty?.dispose();
  faulty = undefined;
  files.dispose();
});

function configure({
  server = {},
  pkcs11 = {},
  ...sections
}: {
  server?: object;
  pkcs11?: object;
  monitoring?: object;
}) {
  const [manager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, ...server },
    keyManagers: [{ ...manager, pkcs11: { ...manager?.pkcs11, ...pkcs11 } }],
    ...sections,
  });
}

function useFaultyModule(pkcs11: object = {}): FaultyModule {
  faulty = createFaultyModule(files.softHsm);
  configure({ pkcs11: { module: faulty.module, ...pkcs11 } });
  return faulty;
}

/** The findings of a run. Throws unless exit code and `ok` agree with them. */
async function findings(): Promise<readonly Finding[]> {
  const { exitCode, stdout } = await runCommand(['doctor', '--config', files.configFile, '--json', ...PEER], files.env);
  const report = JSON.parse(stdout) as Report;
  const fails = report.findings.some(({ level }) => level === 'failure');
  expect({ exitCode, ok: report.ok }).toEqual({ exitCode: fails ? 1 : 0, ok: !fails });
  return report.findings;
}

async function failures(): Promise<string[]> {
  return (await findings())
    .filter(({ level }) => level === 'failure')
    .map(({ check, message }) => `${check}: ${message}`);
}

it('for a good set-up, prints a line for each finding and a summary, and exits with 0', async () => {
  const { exitCode, stdout, stderr } = await runCommand(['doctor', '--config', files.configFile, ...PEER], files.env);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const line of [
    /^ok {7}node: Node\.js v\d+/m,
    /^ok {7}configuration: .*config\.yaml loads/m,
    /^ok {7}clock: not compared/m,
    /^ok {7}descriptors: room for \d+ connections/m,
    /^ok {7}key manager softhsm: the login works$/m,
    /^ok {7}key manager softhsm: an encrypt and a decrypt with the health key xks-health take \d+\.\d ms; KMS waits 250 ms$/m,
    /^ok {7}key manager softhsm: random numbers differ$/m,
    /^ok {7}key foo of first: foo in softhsm: AES_256, check value [0-9A-F]{6}, ENCRYPT, DECRYPT.*, sensitive, not extractable$/m,
    // The key store is blocked, so no one uses it.
    /^warning {2}key blocked of first: there is no blocked in softhsm\n {9}restore it .*, xks-proxy key create blocked /m,
    /^\d+ ok, \d+ warnings?, 0 failures\n$/m,
  ])
    expect(stdout).toMatch(line);
});

it('runs beside a serving proxy, and does not report its ports as taken', async () => {
  const free = await listenLocally(createServer());
  const other = await listenLocally(createServer());
  await Promise.all([free.close(), other.close()]);
  configure({ server: { port: free.port }, monitoring: { port: other.port } });
  const proxy = await RunningProxy.start(files);
  try {
    const found = (await findings()).filter(({ check }) => check.startsWith('port of'));
    expect(found).toEqual([
      { check: 'port of server', level: 'ok', message: `127.0.0.1 port ${free.port} is held by this proxy` },
      { check: 'port of monitoring', level: 'ok', message: `127.0.0.1 port ${other.port} is held by this proxy` },
    ]);
    await proxy.proveService();
  } finally {
    await proxy.kill();
  }
});

it.each([
  ['answers with another protocol', (socket: Socket) => socket.end('220 mail\r\n')],
  ['does not answer', () => undefined],
])('reports a port in use by another program that %s', async (_what, answer) => {
  const stranger = await listenLocally(createServer(answer));
  configure({ server: { port: stranger.port } });
  const found = await failures();
  await stranger.close();
  expect(found).toEqual([
    `port of server: server: cannot listen on 127.0.0.1 port ${stranger.port}: EADDRINUSE, another process uses it`,
  ]);
});

it('tries a wrong PIN once for all key managers, and not at all when the token counts failures', async () => {
  const hsm = useFaultyModule();
  const [manager] = files.config.keyManagers;
  const wrong = { ...manager?.pkcs11, module: hsm.module, pin: files.writeSecret('wrong', 'wrong-pin') };
  files.writeConfig({
    ...files.config,
    keyManagers: [
      { name: 'softhsm', pkcs11: wrong },
      { name: 'twin', pkcs11: wrong },
    ],
  });
  const [first = '', second = ''] = await failures();
  expect(first).toMatch(/^key manager softhsm: The PIN was refused by token "first"/);
  expect(second).toMatch(/^key manager twin: no login was tried: this token has just refused another/);
  expect(hsm.counts().get('C_Login')).toBe(1);
  // SoftHSM now says CKF_USER_PIN_COUNT_LOW.
  expect(await failures()).toEqual([]);
  expect(hsm.counts().get('C_Login')).toBe(1);
});

it.each([
  [0x4_0000, 'failure', /is locked \(CKF_USER_PIN_LOCKED\)/],
  [0x2_0000, 'warning', /no login was tried.*\(CKF_USER_PIN_FINAL_TRY\)/],
])('flags %j of the token: no login, and a %s', async (flags, level, message) => {
  const hsm = useFaultyModule();
  hsm.inject({ on: 'C_GetTokenInfo', does: 'set-token-flags', flags });
  const found = (await findings()).find((finding) => message.test(finding.message));
  expect(found).toMatchObject({ check: 'key manager softhsm', level });
  expect(hsm.counts().get('C_Login')).toBeUndefined();
});

it('reports keys that are missing, too short or not for encryption as failures, and unprotected keys as warnings', async () => {
  files.softHsm.importKey('short', randomBytes(16));
  files.softHsm.importKey('decrypt-only', randomBytes(32), [{ type: pkcs11js.CKA_ENCRYPT, value: false }]);
  files.softHsm.importKey('open', randomBytes(32), [
    { type: pkcs11js.CKA_SENSITIVE, value: false },
    { type: pkcs11js.CKA_EXTRACTABLE, value: true },
  ]);
  files.softHsm.importKey('public', randomBytes(32), [{ type: pkcs11js.CKA_PRIVATE, value: false }]);
  const [first, second] = files.config.keyStores;
  const keys = ['absent', 'short', 'decrypt-only', 'open', 'public'].map((id) => ({ id }));
  files.writeConfig({ ...files.config, keyStores: [{ ...first, keys }, second] });
  const found = await findings();
  const of = (level: string) => found.filter((finding) => finding.level === level).map(({ message }) => message);
  expect(of('failure')).toEqual([
    'there is no absent in softhsm',
    'short in softhsm is AES_128, and KMS uses AES_256 only',
    'decrypt-only in softhsm may not ENCRYPT, and KMS needs both',
  ]);
  expect(of('warning')).toEqual(
    expect.arrayContaining([
      'open in softhsm can be extracted from the token',
      'open in softhsm is not sensitive: its bytes can be read',
      'public in softhsm can be used without a PIN, because its CKA_PRIVATE is false',
    ]),
  );
});

it('advises to restore the missing key of an old version, and to make a key only if it never encrypted', async () => {
  const [first, second] = files.config.keyStores;
  const keys = [{ id: 'foo', versions: [{ label: 'lost' }, { label: 'foo' }, { label: 'later', decryptOnly: true }] }];
  files.writeConfig({ ...files.config, keyStores: [{ ...first, keys }, second] });
  const advice = (await findings()).filter(({ level }) => level === 'failure').map((finding) => finding.advice);
  const restore = 'restore it from its backup, because a new key decrypts nothing';
  expect(advice).toEqual([
    `${restore}; or remove this version when no data encrypted with it is needed`,
    expect.stringMatching(`^${restore}; if it has never encrypted anything, xks-proxy key create later .* makes it `),
  ]);
});

it('advises to rotate away from a key, or to finish a rotation that has begun', async () => {
  for (const label of ['weak', 'weaker']) files.softHsm.importKey(label, randomBytes(16));
  const [first, second] = files.config.keyStores;
  const keys = [{ id: 'weak' }, { id: 'weaker', versions: [{ label: 'weaker' }, { label: 'foo', decryptOnly: true }] }];
  files.writeConfig({ ...files.config, keyStores: [{ ...first, keys }, second] });
  const advice = (await findings()).filter(({ level }) => level === 'failure').map((finding) => finding.advice);
  expect(advice).toEqual([
    expect.stringMatching('^xks-proxy key rotate weak --key-store first '),
    'foo can replace it: remove its decryptOnly when all proxies have this version',
  ]);
});

it('reports a health key that KMS could not use, with advice', async () => {
  files.softHsm.importKey('short-health', randomBytes(16));
  configure({ pkcs11: { healthKey: 'short-health' } });
  const [found] = (await findings()).filter(({ level }) => level === 'failure');
  expect(found).toMatchObject({
    message: expect.stringMatching(
      /^the health key short-health must be AES_256, for ENCRYPT and DECRYPT, but is AES_128, for /,
    ) as string,
    advice: expect.stringMatching(/^name another one in healthKey; xks-proxy key create LABEL .* makes it$/) as string,
  });
});

it('for a configuration that does not load, prints JSON with each problem', async () => {
  files.writeConfig({ ...files.config, server: { ...files.config.server, port: 'https', regions: [] } });
  const found = await failures();
  expect(found).toHaveLength(2);
  expect(found.join('\n')).toMatch(/^configuration: server\.port \(line \d+\): .*\nconfiguration: server\.regions/);
  writeFileSync(files.configFile, 'server: [\n');
  expect(await failures()).not.toEqual([]);
});

it('reports a certificate for another name than the one that KMS calls', async () => {
  const args = ['doctor', '--config', files.configFile, '--name', 'xks.example.com', '--json', ...PEER];
  const { exitCode, stdout } = await runCommand(args, files.env);
  expect(exitCode).toBe(1);
  const failed = (JSON.parse(stdout) as Report).findings.filter(({ level }) => level === 'failure');
  expect(failed).toMatchObject([{ check: 'certificate name' }]);
});

it('reports an HSM that is slow, and an HSM that crashes the calling process', async () => {
  const hsm = useFaultyModule();
  const lift = hsm.inject({ on: 'C_Encrypt', does: 'delay', milliseconds: 300 });
  expect((await failures()).join('\n')).toMatch(/health key xks-health take 3\d\d\.\d ms; KMS waits 250 ms$/);
  lift();
  hsm.inject({ on: 'C_Login', does: 'abort' });
  expect(await failures()).toEqual(['key manager softhsm: its module ended the process that called it']);
});

it('for an HSM that hangs, reports a failure after a while, and the findings before it', async () => {
  useFaultyModule().inject({ on: 'C_Login', does: 'hang' });
  const found = await findings();
  expect(found.filter(({ check }) => check === 'key manager softhsm').at(-1)).toMatchObject({
    level: 'failure',
    message: expect.stringMatching(/^a call to its module has not returned within \d+ seconds$/) as string,
  });
  expect(found.map(({ message }) => message)).toContain('the token has AES-GCM');
});
