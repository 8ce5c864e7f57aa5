import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { allowNoMoreDescriptors } from '../support/descriptorLimit.ts';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import type { LogRecord } from '../support/processLog.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';
import { SteadyLoad } from '../support/steadyLoad.ts';

const WORKERS = 2;
const CKR_PIN_INCORRECT = 0xa0;
const ENDED = 'a worker has ended and is replaced';

let files: ProxyFiles;
let faulty: FaultyModule;
let proxy: RunningProxy | undefined;

function configure(): void {
  files = new ProxyFiles();
  faulty = createFaultyModule(files.softHsm);
  const [manager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, workers: WORKERS },
    keyManagers: [{ ...manager, pkcs11: { ...manager?.pkcs11, module: faulty.module } }],
  });
}

async function dispose(): Promise<void> {
  await proxy?.kill();
  proxy = undefined;
  faulty.dispose();
  files.dispose();
}

async function start(): Promise<RunningProxy> {
  proxy = await RunningProxy.start(files);
  await allServing();
  return proxy;
}

async function stop(running: RunningProxy): Promise<void> {
  running.signal('SIGTERM');
  expect(await running.exitCode).toBe(0);
}

/** Workers that serve, the oldest first. */
function serving(): LogRecord[] {
  const log = proxy?.log ?? [];
  const ended = new Set(log.filter(({ msg }) => msg === ENDED).map(({ worker }) => worker));
  return log.filter(({ msg, worker }) => msg === 'a worker serves' && !ended.has(worker));
}

async function allServing(): Promise<void> {
  await vi.waitFor(
    () => {
      expect(serving()).toHaveLength(WORKERS);
    },
    { timeout: 60_000 },
  );
}

/** Kills a worker; resolves when another one serves in its place. */
async function replace(victim: LogRecord | undefined): Promise<void> {
  const known = new Set(serving());
  process.kill(victim?.['pid'] as number, 'SIGKILL');
  await expect.poll(() => serving().filter((each) => !known.has(each))).toHaveLength(1);
}

describe('workers of one proxy', () => {
  let running: RunningProxy;

  beforeAll(async () => {
    configure();
    running = await start();
  });
  beforeEach(allServing);
  afterAll(async () => {
    await stop(running);
    await dispose();
  });

  it('share the port, and write complete log lines', async () => {
    const before = running.log.length;
    const load = new SteadyLoad(running, 8);
    await expect.poll(() => load.sent).toBeGreaterThan(200);
    const { sent, outcomes } = await load.stop();
    expect([...outcomes]).toEqual([[200, sent]]);
    const requests = () => running.log.slice(before).filter(({ msg }) => msg === 'request');
    await expect.poll(requests).toHaveLength(sent);
    expect(new Set(requests().map(({ worker }) => worker))).toEqual(new Set(serving().map(({ worker }) => worker)));
  });

  it('resume the TLS sessions of each other', async () => {
    const first = await connectTls(running.port);
    // The workers take connections in turn.
    const later = [];
    for (let time = 0; time < 3; time += 1) later.push(await connectTls(running.port, first.session));
    expect([first, ...later].map(({ resumed }) => resumed)).toEqual([false, true, true, true]);
  });

  it.each([
    ['a connection for many requests', () => ({})],
    ['a connection for each request', () => ({ agent: new Agent() })],
  ])('are replaced when they are killed, and lose only their requests in flight (%s)', async (_, optionsOf) => {
    const [clients, kills] = [6, 3];
    const load = new SteadyLoad(running, clients, optionsOf);
    for (let kill = 1; kill <= kills; kill += 1) {
      await expect.poll(() => load.sent).toBeGreaterThan(kill * 100);
      await replace(serving()[0]);
    }
    const { sent, outcomes } = await load.stop();
    const answered = outcomes.get(200) ?? 0;
    expect(sent - answered).toBeLessThanOrEqual(kills * clients);
    expect([...outcomes.keys()].filter((outcome) => outcome !== 200 && outcome !== 'ECONNRESET')).toEqual([]);
  });

  it('are killed and replaced when they hang in a call', async () => {
    faulty.inject({ on: 'C_Encrypt', does: 'hang' });
    await expect(running.proveService()).rejects.toThrow();
    await running.logged({ msg: 'a worker hangs and is killed' });
    faulty.clear();
    await allServing();
    await running.proveService();
  });

  it('are replaced later if no process can be started when they end', async () => {
    const lift = allowNoMoreDescriptors(running.pid);
    process.kill(serving()[0]?.['pid'] as number, 'SIGKILL');
    const { detail } = await running.logged({ msg: 'a worker did not start' });
    expect(detail).toMatch(/^spawn \S+ EMFILE$/);
    lift();
    await allServing();
    await running.proveService();
  });
});

describe('workers', () => {
  beforeEach(configure);
  afterEach(dispose);

  it('that cannot start end the proxy with an error, after one try of the PIN', async () => {
    files.writeSecret('pin', 'wrong-pin');
    const { exitCode, stderr } = await runCommand(['serve', '--config', files.configFile], files.env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/PIN was refused/);
    expect(faulty.counts().get('C_Login')).toBe(1);
  });

  it('do not try a PIN that the HSM has refused to another worker', async () => {
    const replica = createFaultyModule({ ...files.softHsm, separate: true });
    onTestFinished(() => {
      replica.dispose();
    });
    const [manager] = files.config.keyManagers;
    const managers = [
      { name: 'hsm-1', pkcs11: { ...manager?.pkcs11, module: faulty.module } },
      {
        name: 'hsm-2',
        pkcs11: { ...manager?.pkcs11, module: replica.module, pin: files.writeSecret('no', 'no-such-pin') },
      },
    ];
    files.writeConfig({
      ...files.config,
      server: { ...files.config.server, workers: WORKERS },
      keyManagers: managers,
      keyStores: files.config.keyStores.map((store) => ({ ...store, keyManagers: ['hsm-1', 'hsm-2'] })),
    });
    const running = await start();
    await replace(serving().at(-1));
    await running.proveService();
    expect(replica.counts().get('C_Login')).toBe(1);
    expect(running.output).not.toContain('no-such-pin');
    await stop(running);
  });

  it('that replace another while the HSM refuses logins serve beside the others', async () => {
    const running = await start();
    faulty.inject({ on: 'C_Login', does: 'answer', code: CKR_PIN_INCORRECT });
    const before = faulty.counts().get('C_Login') ?? 0;
    for (let kill = 1; kill <= 2; kill += 1) await replace(serving().at(-1));
    // The first replacement has tried the PIN, and the second one knows that.
    expect(faulty.counts().get('C_Login')).toBe(before + 1);
    // The worker that still has its session gets all connections.
    for (let request = 0; request < 4; request += 1) await running.proveService();
    await stop(running);
  });

  it('that end again and again end the proxy with a clear error', async () => {
    const running = await start();
    faulty.inject({ on: 'C_Login', does: 'abort' });
    for (const { pid } of serving()) process.kill(pid as number, 'SIGKILL');
    expect(await running.exitCode).toBe(1);
    expect(running.output).toMatch(/worker processes end right after their start, the last one with SIGABRT/);
  });
});

/** Completes a handshake; resolves to its session, and to whether it resumed one. */
function connectTls(port: number, session?: Buffer): Promise<{ resumed: boolean; session: Buffer }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', servername: 'localhost', maxVersion: 'TLSv1.2' as const };
    const socket = connect({ ...options, ca: testCertificates.ca.certificate, ...(session && { session }) });
    socket.once('error', reject).once('secureConnect', () => {
      resolve({ resumed: socket.isSessionReused(), session: socket.getSession() ?? Buffer.alloc(0) });
      socket.end();
    });
  });
}
