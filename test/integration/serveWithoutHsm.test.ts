import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFaultyModule, type Fault, type FaultyModule } from '../support/faultyModule.ts';
import { healthMetadata, paths } from '../support/messages.ts';
import { openings, ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';

const CKR_DEVICE_REMOVED = 0x32;

// Two HSMs. The second one has the keys of the key stores. The first one has no keys, not even a health key.
let files: ProxyFiles;
let first: FaultyModule;
let second: FaultyModule;

beforeEach(() => {
  files = new ProxyFiles({ tls: false });
  files.softHsm.addToken('other');
  first = createFaultyModule({ ...files.softHsm, separate: true });
  second = createFaultyModule({ ...files.softHsm, separate: true });
});

afterEach(() => {
  first.dispose();
  second.dispose();
  files.dispose();
});

function configure(settings: readonly object[]): void {
  const [manager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    keyManagers: settings.map((pkcs11, index) => ({
      name: `hsm-${index + 1}`,
      pkcs11: { ...manager?.pkcs11, ...pkcs11 },
    })),
    keyStores: files.config.keyStores.map((store) => ({
      ...store,
      keyManagers: settings.map((_, index) => `hsm-${index + 1}`),
    })),
  });
}

async function withProxy(use: (proxy: RunningProxy) => Promise<void>): Promise<void> {
  const proxy = await RunningProxy.start(files);
  try {
    await use(proxy);
  } finally {
    proxy.signal('SIGTERM');
    await proxy.exitCode;
  }
}

async function healthStatuses(proxy: RunningProxy): Promise<unknown> {
  const { body } = await proxy.post(paths.health, { requestMetadata: healthMetadata });
  return (body['ekmFleetDetails'] as { healthStatus: string }[]).map(({ healthStatus }) => healthStatus);
}

function logins(module: FaultyModule): number {
  return module.counts().get('C_Login') ?? 0;
}

function refusal(...lines: RegExp[]): object {
  const pattern = new RegExp(`^${lines.map(({ source }) => `${source}\\n`).join('')}$`);
  const stdout = expect.stringMatching(openings(lines.length)) as string;
  return { exitCode: 1, stdout, stderr: expect.stringMatching(pattern) as string };
}

describe('a key manager that cannot be opened', () => {
  it.each<[string, Fault, RegExp]>([
    [
      'because its library does not start',
      { on: 'C_Initialize', does: 'answer', code: CKR_DEVICE_REMOVED },
      /^The PKCS#11 module \S+ does not start\. .*\(C_Initialize answered CKR_DEVICE_REMOVED \(0x32\)\)$/,
    ],
    [
      'because its token is missing',
      { on: 'C_GetTokenInfo', does: 'answer', code: CKR_DEVICE_REMOVED },
      /^There is no token with the label "other"\./,
    ],
    [
      'because the login fails',
      { on: 'C_Login', does: 'answer', code: CKR_DEVICE_REMOVED },
      /^Cannot log in to token "other"\. \(C_Login answered CKR_DEVICE_REMOVED \(0x32\)\)$/,
    ],
  ])('%s lets other key managers serve, and serves after it opens', async (_why, fault, detail) => {
    configure([{ module: first.module, token: { label: 'other' } }, { module: second.module }]);
    first.inject(fault);
    await withProxy(async (proxy) => {
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['UNAVAILABLE', 'ACTIVE']);
      await proxy.proveService();
      const msg = 'A key manager cannot be opened: it is retried in the background';
      const report = await proxy.logged({ level: 'error', keyManager: 'hsm-1', msg });
      expect(report['detail']).toMatch(detail);

      first.clear();
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['ACTIVE', 'ACTIVE']);
      await proxy.logged({ level: 'info', keyManager: 'hsm-1', msg: 'created the health key' });
      await proxy.logged({ level: 'warn', keyManager: 'hsm-1', keyVersion: 'foo', errorName: 'KeyNotFoundException' });
      await proxy.proveService();
    });
  });

  it('is not tried again if its PIN is refused', async () => {
    const pin = files.writeSecret('wrong', 'wrong-pin');
    configure([{ module: first.module, pin }, { module: second.module }]);
    await withProxy(async (proxy) => {
      const report = await proxy.logged({ level: 'error', keyManager: 'hsm-1' });
      expect(report['detail']).toContain('The PIN was refused by token "first"');
      expect(report).not.toHaveProperty('retryInMs');
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['UNAVAILABLE', 'ACTIVE']);
      await proxy.proveService();
      expect(proxy.output).not.toContain('wrong-pin');
    });
    expect(logins(first)).toBe(1);
  });
});

it('if no key manager of a key store opens, serve does not start and reports the problem of each', async () => {
  const pin = files.writeSecret('wrong', 'wrong-pin');
  configure([
    { module: first.module, token: { label: 'nowhere' } },
    { module: second.module, pin },
  ]);
  expect(await runCommand(['serve', '--config', files.configFile], files.env)).toMatchObject(
    refusal(/key manager hsm-1: There is no token .+/, /key manager hsm-2: The PIN was refused .+/),
  );
});

describe('C_Login is called once', () => {
  it('for a start with a new token, including the creation of the health key', async () => {
    configure([{ module: first.module }]);
    await withProxy(async (proxy) => {
      await proxy.logged({ msg: 'created the health key' });
    });
    expect(logins(first)).toBe(1);
  });

  it('for a wrong PIN that two key managers have for one token', async () => {
    const pin = files.writeSecret('wrong', 'wrong-pin');
    configure([
      { module: first.module, pin },
      { module: second.module, pin, isolation: 'thread' },
    ]);
    expect(await runCommand(['serve', '--config', files.configFile], files.env)).toMatchObject(
      refusal(/key manager hsm-1: The PIN was refused .+/, /key manager hsm-2: The PIN was refused .+/),
    );
    expect(logins(first) + logins(second)).toBe(1);
  });
});

describe('a key manager in a thread whose library hangs', () => {
  beforeEach(() => {
    configure([
      { module: first.module, isolation: 'thread', timeoutMs: 1_000 },
      { module: second.module, isolation: 'thread', timeoutMs: 1_000 },
    ]);
  });

  it('at the start lets other key managers serve, and serves after it has opened', async () => {
    const lift = first.inject({ on: 'C_Initialize', does: 'hang' });
    await withProxy(async (proxy) => {
      await proxy.proveService();
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['UNAVAILABLE', 'ACTIVE']);
      lift();
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['ACTIVE', 'ACTIVE']);
    });
  });

  it('in a repair lets other key managers serve, so that no request fails', async () => {
    await withProxy(async (proxy) => {
      await proxy.proveService();
      const lift = first.inject(
        { on: 'C_EncryptInit', does: 'close-all-sessions', times: 1 },
        { on: 'C_Login', does: 'hang' },
      );
      for (let request = 0; request < 10; request += 1) await proxy.proveService();
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['UNAVAILABLE', 'ACTIVE']);
      await proxy.proveService();
      lift();
      await expect.poll(() => healthStatuses(proxy), { interval: 250 }).toEqual(['ACTIVE', 'ACTIVE']);
    });
  });

  it('does not prevent the process from ending', async () => {
    const proxy = await RunningProxy.start(files);
    const lift = first.inject({ on: 'C_EncryptInit', does: 'hang' });
    await proxy.proveService();
    proxy.signal('SIGTERM');
    // The process is killed, because a call of a module cannot be cancelled.
    expect(await proxy.exitCode).toBe(null);
    expect(proxy.output).toContain('a call of a PKCS#11 module has not returned: the process is killed');
    lift();
  });
});

it.each(['none', 'thread'])('serve names the key manager for which it waits (isolation: %s)', async (isolation) => {
  configure([{ module: second.module, isolation }]);
  const lift = second.inject({ on: 'C_Login', does: 'hang' });
  const proxy = RunningProxy.launch(files);
  await proxy.logged({ level: 'info', msg: 'opening a key manager', keyManager: 'hsm-1' });
  lift();
  await proxy.logged({ msg: 'listening' });
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
});
