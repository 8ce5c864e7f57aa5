import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { auditDirectory, auditedFiles, verify } from '../support/auditedProxy.ts';
import { auditRecords, missingFrom } from '../support/auditRecords.ts';
import type { LogRecord } from '../support/processLog.ts';
import { RecordedLoad } from '../support/recordedLoad.ts';
import { RunningProxy } from '../support/runningProxy.ts';

const RUNS = 2;
const CLIENTS = 16;

/** A random time after the load has begun. */
function randomMoment(): number {
  return 150 + Math.random() * 350;
}

function workersOf(log: readonly LogRecord[]): number[] {
  return log.filter(({ msg }) => msg === 'a worker serves').map(({ pid }) => pid as number);
}

it.each([
  ['one process', 'never', 1],
  ['one process, on the disk before each answer', 'always', 1],
  ['a supervisor with 3 workers', 'interval', 3],
])('SIGKILL at a random moment: %s has recorded each answer', async (_what, sync, workers) => {
  const files = auditedFiles({ server: { workers }, audit: { sync, segmentRecords: 200, checkpointSeconds: 0.1 } });
  for (let run = 0; run < RUNS; run += 1) {
    const proxy = await RunningProxy.start(files);
    const load = new RecordedLoad(proxy, CLIENTS);
    await sleep(randomMoment());
    await expect.poll(() => load.successes.length).toBeGreaterThan(CLIENTS);
    proxy.signal('SIGKILL');
    expect(await proxy.exitCode).toBeNull();
    await load.stop();
    // The last line written may be torn.
    const stream = proxy.output.split('\n').slice(0, -1);
    const lines = stream.map((line) => JSON.parse(line) as LogRecord);
    expect(missingFrom(lines, load.successes)).toEqual([]);
    expect(missingFrom(auditRecords(auditDirectory(files)), load.successes)).toEqual([]);
  }
  const { stdout, stderr, exitCode } = await verify(auditDirectory(files));
  expect([exitCode, stdout, stderr]).toMatchObject([0, expect.any(String) as string, expect.any(String) as string]);
  files.dispose();
});

it('if the 5 workers are killed with SIGKILL one after another, each answer is recorded', async () => {
  const files = auditedFiles({ server: { workers: 5 }, audit: { checkpointSeconds: 0.2 } });
  const proxy = await RunningProxy.start(files);
  await expect.poll(() => workersOf(proxy.log)).toHaveLength(5);
  const load = new RecordedLoad(proxy, CLIENTS);
  const killed = new Set<number>();
  for (let kill = 0; kill < 4; kill += 1) {
    await sleep(randomMoment());
    const workers = workersOf(proxy.log);
    const alive = workers.filter((pid) => !killed.has(pid));
    const victim = alive[Math.floor(Math.random() * alive.length)] ?? NaN;
    killed.add(victim);
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => workersOf(proxy.log).length).toBe(workers.length + 1);
  }
  await load.stop();
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
  expect(load.successes.length).toBeGreaterThan(100);
  expect(missingFrom(proxy.log, load.successes)).toEqual([]);
  const records = auditRecords(auditDirectory(files));
  expect(missingFrom(records, load.successes)).toEqual([]);
  // The supervisor's log covers the host.
  const ends = records.filter(({ type, worker }) => type === 'stop' && worker !== undefined);
  expect(ends.filter(({ signal }) => signal === 'SIGKILL')).toHaveLength(4);
  expect(records.filter(({ type, log }) => type === 'checkpoint' && log !== undefined)).not.toEqual([]);
  expect((await verify(auditDirectory(files))).exitCode).toBe(0);
  files.dispose();
});
