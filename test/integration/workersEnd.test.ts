import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

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

afterEach(() => {
  for (const pid of workers.filter(isAlive)) process.kill(pid, 'SIGKILL');
  proxy.signal('SIGKILL');
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

async function start(): Promise<void> {
  proxy = await RunningProxy.start(files);
  const serving = () => proxy.log.filter(({ msg }) => msg === 'a worker serves').map(({ pid }) => pid as number);
  await expect.poll(serving).toHaveLength(WORKERS);
  workers = serving();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('all of them while new connections are still taken: the proxy ends as it was asked to', async () => {
  configure({ monitoring: { port: 0 } });
  await start();
  proxy.signal('SIGTERM');
  await proxy.logged({ msg: 'draining' });
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  expect(await proxy.exitCode).toBe(0);
  expect(proxy.log.at(-1)).toMatchObject({ msg: 'stopped' });
});
