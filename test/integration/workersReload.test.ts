import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { encryptBody, paths } from '../support/messages.ts';
import type { LogRecord } from '../support/processLog.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const RELOADED = 'the configuration was reloaded';
const REFUSED = 'the configuration is not reloaded: the previous one stays in force';

let files: ProxyFiles;
/** The modules of the HSM, and of a second one that a reload adds. */
let faulty: FaultyModule;
let second: FaultyModule;
let proxy: RunningProxy;

beforeEach(() => {
  files = new ProxyFiles();
  faulty = createFaultyModule(files.softHsm);
  second = createFaultyModule({ ...files.softHsm, separate: true });
});

afterEach(async () => {
  await proxy.kill();
  for (const module of [faulty, second]) module.dispose();
  files.dispose();
});

/** Writes a configuration with two workers, and with the second HSM if its `settings` are given. */
function write(settings?: object, keys: object[] = [{ id: 'foo' }]): void {
  const [manager] = files.config.keyManagers;
  const [store, ...others] = files.config.keyStores;
  const managerOf = (name: string, module: string, more: object = {}) => ({
    name,
    pkcs11: { ...manager?.pkcs11, module, ...more },
  });
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, workers: 2 },
    keyManagers: [
      managerOf('softhsm', faulty.module),
      ...(settings ? [managerOf('second', second.module, settings)] : []),
    ],
    keyStores: [{ ...store, keys, keyManagers: settings ? ['softhsm', 'second'] : ['softhsm'] }, ...others],
  });
}

function serving(): LogRecord[] {
  return proxy.log.filter(({ msg }) => msg === 'a worker serves');
}

async function start(): Promise<void> {
  proxy = await RunningProxy.start(files);
  await untilServing(2);
}

async function untilServing(times: number): Promise<void> {
  await expect.poll(() => serving().length).toBe(times);
}

function kill(worker: LogRecord | undefined): void {
  process.kill(worker?.['pid'] as number, 'SIGKILL');
}

/** Statuses from all workers, which take connections in turn. */
async function statuses(): Promise<number[]> {
  const seen = [];
  for (let time = 0; time < 4; time += 1) seen.push((await proxy.post(paths.encrypt, encryptBody)).status);
  return seen;
}

it('if a worker begins to serve while another prepares a configuration, it also gets this configuration', async () => {
  write();
  await start();
  second.inject({ on: 'C_Initialize', does: 'delay', milliseconds: 1_500 });
  write({}, [{ id: 'foo', status: 'blocked' }]);
  proxy.signal('SIGHUP');
  await expect.poll(() => second.counts().get('C_Initialize')).toBe(1);
  kill(serving().at(-1));
  await untilServing(3);
  await proxy.logged({ msg: RELOADED });
  expect(await statuses()).toEqual([400, 400, 400, 400]);
});

it('if a configuration ends the first worker, it is refused, and the other workers never get it', async () => {
  write();
  await start();
  second.inject({ on: 'C_Initialize', does: 'abort' });
  write({});
  proxy.signal('SIGHUP');
  expect(await proxy.logged({ msg: REFUSED })).toMatchObject({ problems: [expect.stringMatching(/has ended$/)] });
  await untilServing(3);
  expect(second.counts().get('C_Initialize')).toBe(1);
  expect(await statuses()).toEqual([200, 200, 200, 200]);
});

it.each(['none', 'thread'])(
  'if all workers have ended, a refused PIN is still not tried again (isolation: %s)',
  async (isolation) => {
    write({ pin: files.writeSecret('no', 'no-such-pin'), isolation });
    await start();
    for (const worker of serving()) kill(worker);
    await untilServing(4);
    expect(second.counts().get('C_Login')).toBe(1);
  },
);
