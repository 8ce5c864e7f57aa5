import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { isAlive } from '../support/isAlive.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { MAIN, type Program } from '../support/startTestProgram.ts';
import { SteadyLoad } from '../support/steadyLoad.ts';

const WORKERS = 2;

let files: ProxyFiles;
let faulty: FaultyModule;
let proxy: RunningProxy;
let workers: number[];

beforeEach(() => {
  files = new ProxyFiles();
  faulty = createFaultyModule(files.softHsm);
  workers = [];
});

afterEach(async () => {
  await proxy.kill();
  faulty.dispose();
  files.dispose();
});

function configure(more: object = {}, pkcs11: object = {}): void {
  const [manager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, workers: WORKERS, drainSeconds: 20 },
    keyManagers: [{ ...manager, pkcs11: { ...manager?.pkcs11, module: faulty.module, ...pkcs11 } }],
    ...more,
  });
}

async function start(program?: Program): Promise<void> {
  proxy = await RunningProxy.start(files, program);
  const serving = () => proxy.log.filter(({ msg }) => msg === 'a worker serves').map(({ pid }) => pid as number);
  await expect.poll(serving).toHaveLength(WORKERS);
  workers = serving();
}

it('if all workers end during a drain, the proxy still stops with status 0', async () => {
  configure({ monitoring: { port: 0 } });
  await start();
  proxy.signal('SIGTERM');
  await proxy.logged({ msg: 'draining' });
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  expect(await proxy.exitCode).toBe(0);
  expect(proxy.log.at(-1)).toMatchObject({ msg: 'stopped' });
});

it('if a worker hangs in a call during its start, SIGTERM ends both the proxy and the worker', async () => {
  configure();
  faulty.inject({ on: 'C_Login', does: 'hang' });
  proxy = RunningProxy.launch(files);
  await expect.poll(() => faulty.counts().get('C_Login')).toBe(1);
  workers = readFileSync(`/proc/${proxy.pid}/task/${proxy.pid}/children`, 'utf8').trim().split(' ').map(Number);
  expect(workers).toHaveLength(1);
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(null);
  await expect.poll(() => workers.filter(isAlive)).toEqual([]);
});

it('if the supervisor is killed, its workers end, even if a call of their module hangs in its thread', async () => {
  configure({}, { isolation: 'thread' });
  await start();
  faulty.inject({ on: 'C_Encrypt', does: 'hang' });
  const answers = await Promise.all(workers.map(() => proxy.post(paths.encrypt, encryptBody)));
  expect(answers.map(({ status }) => status)).toEqual([503, 503]);
  proxy.signal('SIGKILL');
  await expect.poll(() => workers.filter(isAlive)).toEqual([]);
});

it('if a worker ends while the HSM hangs, its successor serves beside the others and waits for the HSM', async () => {
  configure({}, { isolation: 'thread' });
  await start();
  faulty.inject({ on: 'C_Login', does: 'hang' });
  const successor = { worker: WORKERS + 1 };
  process.kill(workers[0] ?? NaN, 'SIGKILL');
  await proxy.logged({ ...successor, msg: 'a worker serves' });
  await proxy.proveService();
  faulty.clear();
  await proxy.logged({ ...successor, healthStatus: 'ACTIVE' });
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
});

it('if the pipe of standard error is closed, the proxy still stops with status 0', async () => {
  configure({}, { isolation: 'thread' });
  await start(['bash', '--norc', '-c', 'exec "$@" 2> >(:)', 'bash', process.execPath, MAIN]);
  faulty.inject({ on: 'C_Encrypt', does: 'hang' });
  const answers = await Promise.all(workers.map(() => proxy.post(paths.encrypt, encryptBody)));
  expect(answers.map(({ status }) => status)).toEqual([503, 503]);
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
});

it('if the supervisor is killed under load, its workers end, even if their log no longer has a reader', async () => {
  configure();
  await start();
  const load = new SteadyLoad(proxy, 12);
  await expect.poll(() => load.sent).toBeGreaterThan(500);
  proxy.signal('SIGKILL');
  await proxy.exitCode;
  await load.stop();
  await expect.poll(() => workers.filter(isAlive)).toEqual([]);
});
