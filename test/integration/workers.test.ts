import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { allowNoMoreDescriptors } from '../support/descriptorLimit.ts';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import type { LogRecord } from '../support/processLog.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';
import { SteadyLoad } from '../support/steadyLoad.ts';

const WORKERS = 2;
const CKR_PIN_INCORRECT = 0xa0;

let files: ProxyFiles;
let faulty: FaultyModule;
let proxy: RunningProxy;
const started: RunningProxy[] = [];

beforeEach(() => {
  files = new ProxyFiles();
  faulty = createFaultyModule(files.softHsm);
  const [manager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, workers: WORKERS },
    keyManagers: [{ ...manager, pkcs11: { ...manager?.pkcs11, module: faulty.module } }],
  });
});

afterEach(() => {
  for (const running of started.splice(0)) running.signal('SIGKILL');
  faulty.dispose();
  files.dispose();
});

function serving(): LogRecord[] {
  return proxy.log.filter(({ msg }) => msg === 'a worker serves');
}

async function start(): Promise<void> {
  proxy = await RunningProxy.start(files);
  started.push(proxy);
  await expect.poll(() => serving().length).toBe(WORKERS);
}

async function stop(): Promise<void> {
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
}

it('share the port, answer in whole log lines, and end with their supervisor', async () => {
  await start();
  const load = new SteadyLoad(proxy, 8);
  await expect.poll(() => load.sent).toBeGreaterThan(200);
  const { sent, outcomes } = await load.stop();
  expect([...outcomes]).toEqual([[200, sent]]);
  await stop();
  const requests = proxy.log.filter(({ msg }) => msg === 'request');
  expect(requests.length).toBe(sent);
  expect(new Set(requests.map(({ worker }) => worker))).toEqual(new Set(serving().map(({ worker }) => worker)));
});

it('resume the TLS sessions of one another', async () => {
  await start();
  const first = await connectTls();
  // Of connections that take turns.
  const later = [await connectTls(first.session), await connectTls(first.session), await connectTls(first.session)];
  expect([first, ...later].map(({ resumed }) => resumed)).toEqual([false, true, true, true]);
  await stop();
});

const CONNECTIONS = {
  'a connection for many requests': () => ({}),
  'a connection for each request': () => ({ agent: new Agent() }),
};

it.each(Object.entries(CONNECTIONS))(
  'one that is killed is replaced, only its requests in flight are lost: %s',
  async (_, optionsOf) => {
    await start();
    const clients = 6;
    const load = new SteadyLoad(proxy, clients, optionsOf);
    for (let kill = 1; kill <= 3; kill += 1) {
      await expect.poll(() => load.sent).toBeGreaterThan(kill * 100);
      process.kill(serving().at(-1)?.['pid'] as number, 'SIGKILL');
      await expect.poll(() => serving().length).toBe(WORKERS + kill);
    }
    const { sent, outcomes } = await load.stop();
    const answered = outcomes.get(200) ?? 0;
    expect(sent - answered).toBeLessThanOrEqual(3 * clients);
    expect([...outcomes.keys()].filter((outcome) => outcome !== 200 && outcome !== 'ECONNRESET')).toEqual([]);
    await stop();
  },
);

it('one that hangs in a call is killed and replaced', async () => {
  await start();
  faulty.inject({ on: 'C_Encrypt', does: 'hang' });
  await expect(proxy.proveService()).rejects.toThrow();
  await proxy.logged({ msg: 'a worker hangs and is killed' });
  faulty.clear();
  await expect.poll(() => serving().length).toBeGreaterThan(WORKERS);
  await proxy.proveService();
  await stop();
});

it('while no process can be made for one that has ended, the others serve, and it is made when one can', async () => {
  await start();
  const lift = allowNoMoreDescriptors(proxy.pid);
  process.kill(serving().at(-1)?.['pid'] as number, 'SIGKILL');
  const { detail } = await proxy.logged({ msg: 'a worker did not start' });
  expect(detail).toMatch(/^spawn \S+ EMFILE$/);
  lift();
  await expect.poll(() => serving().length).toBe(WORKERS + 1);
  await proxy.proveService();
  await stop();
});

it('that cannot start end the proxy with what is wrong, the PIN tried once', async () => {
  files.writeSecret('pin', 'wrong-pin');
  const { exitCode, stderr } = await runCommand(['serve', '--config', files.configFile], files.env);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/PIN was refused/);
  expect(faulty.counts().get('C_Login')).toBe(1);
});

it('a PIN that is refused to one is tried by no other', async () => {
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
  await start();
  process.kill(serving().at(-1)?.['pid'] as number, 'SIGKILL');
  await expect.poll(() => serving().length).toBe(WORKERS + 1);
  await proxy.proveService();
  expect(replica.counts().get('C_Login')).toBe(1);
  expect(proxy.output).not.toContain('no-such-pin');
  await stop();
});

it('one that is replaced while the HSM is away, or has another PIN, waits for it beside the others', async () => {
  await start();
  faulty.inject({ on: 'C_Login', does: 'answer', code: CKR_PIN_INCORRECT });
  const before = faulty.counts().get('C_Login') ?? 0;
  for (let kill = 1; kill <= 2; kill += 1) {
    process.kill(serving().at(-1)?.['pid'] as number, 'SIGKILL');
    await expect.poll(() => serving().length).toBe(WORKERS + kill);
  }
  // The first replacement has tried it, and the second knows of that.
  expect(faulty.counts().get('C_Login')).toBe(before + 1);
  // The one that has its session still is given all connections.
  for (let request = 0; request < 4; request += 1) await proxy.proveService();
  await stop();
});

it('that end again and again end the proxy, with a clear error', async () => {
  await start();
  faulty.inject({ on: 'C_Login', does: 'abort' });
  for (const { pid } of serving()) process.kill(pid as number, 'SIGKILL');
  expect(await proxy.exitCode).toBe(1);
  expect(proxy.output).toMatch(/worker processes end as soon as they have started, the last one with SIGABRT/);
});

/** A handshake, and the session that it gives. */
function connectTls(session?: Buffer): Promise<{ resumed: boolean; session: Buffer }> {
  return new Promise((resolve, reject) => {
    const options = { port: proxy.port, host: '127.0.0.1', servername: 'localhost', maxVersion: 'TLSv1.2' as const };
    const socket = connect({ ...options, ca: testCertificates.ca.certificate, ...(session && { session }) });
    socket.once('error', reject).once('secureConnect', () => {
      resolve({ resumed: socket.isSessionReused(), session: socket.getSession() ?? Buffer.alloc(0) });
      socket.end();
    });
  });
}
