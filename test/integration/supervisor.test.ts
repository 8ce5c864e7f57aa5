import { expect, it } from 'vitest';
import { SupervisorFailure } from '../../src/server/workers/supervisorFailure.ts';
import { REFUSED_PIN } from '../support/scriptedWorker.ts';
import { kill, SupervisedWorkers } from '../support/supervisedWorkers.ts';

const ENDED = 'a worker has ended and is replaced';
const HUNG = 'a worker hangs and is killed';
const NOT_STARTED = 'a worker did not start';

it('a worker that hangs is killed and replaced', async () => {
  const workers = await SupervisedWorkers.start(2, { hungMs: 2_000 });
  const [hanging] = workers.served;
  kill(hanging, 'SIGSTOP');
  await workers.untilServed(3);
  expect(workers.logged(HUNG)).toEqual([expect.objectContaining({ pid: hanging, afterMs: 2_000 })]);
  expect(workers.logged(ENDED)).toEqual([expect.objectContaining({ pid: hanging, signal: 'SIGKILL' })]);
  expect(workers.served.slice(1)).toContain(await workers.ask());
});

it('a worker that hangs during its start is killed, and another one is started', async () => {
  const workers = await SupervisedWorkers.start(1, { startMs: 2_000 });
  workers.script('hang at start');
  kill(workers.served[0], 'SIGKILL');
  await expect.poll(() => workers.logged(NOT_STARTED)).not.toEqual([]);
  workers.unscript('hang at start');
  await workers.untilServed(2);
  expect(workers.logged(HUNG)[0]).toMatchObject({ afterMs: 2_000 });
  expect(workers.logged(NOT_STARTED)[0]?.detail).toMatch(/^worker \d+ has ended$/);
});

it('if workers end right after their start six times in a row, the supervisor ends', async () => {
  const workers = await SupervisedWorkers.start(1);
  workers.script('abort at start');
  kill(workers.served[0], 'SIGKILL');
  await expect(workers.supervisor.ended).rejects.toThrow(
    new SupervisorFailure('worker processes end right after their start, the last one with SIGABRT'),
  );
  expect(workers.logged(ENDED)).toHaveLength(6);
});

it('if workers end after they have run long enough, the supervisor does not end', async () => {
  const workers = await SupervisedWorkers.start(1, { shortLifeMs: 0 });
  workers.script('abort at start');
  kill(workers.served[0], 'SIGKILL');
  await expect.poll(() => workers.logged(ENDED).length).toBeGreaterThan(7);
  workers.unscript('abort at start');
  await workers.untilServed(2);
});

it('while another worker serves, the start of a failed worker is tried again without limit', async () => {
  const workers = await SupervisedWorkers.start(2);
  workers.script('abort at start');
  kill(workers.served[0], 'SIGKILL');
  await expect.poll(() => workers.logged(NOT_STARTED).length).toBeGreaterThan(7);
  expect(await workers.ask()).toBe(workers.served[1]);
  workers.unscript('abort at start');
  await workers.untilServed(3);
});

it('if a PIN is refused to a worker, its successor knows this, even if the worker ends at once', async () => {
  const workers = await SupervisedWorkers.start(1);
  workers.script('refuse a PIN');
  kill(workers.served[0], 'SIGKILL');
  await workers.untilServed(2);
  kill(workers.served[1], 'SIGKILL');
  await workers.untilServed(3);
  expect(workers.served.map((pid) => workers.refusedPinsOf(pid))).toEqual([[], [], [REFUSED_PIN]]);
});

it('a worker that does not end in time after a drain is killed', async () => {
  const workers = await SupervisedWorkers.start(2, { endMs: 100 });
  workers.script('hang at drain');
  expect(await workers.supervisor.drain({ drainMs: 100, lameDuckMs: 0 })).toEqual([]);
  expect(workers.logged('a worker did not end in time and is killed')).toHaveLength(2);
});

it('if a worker hangs, the metrics of the others are still available', async () => {
  const workers = await SupervisedWorkers.start(2, { metricsMs: 1_000 });
  const [hanging, other] = workers.served;
  kill(hanging, 'SIGSTOP');
  const metrics = await workers.supervisor.metrics();
  expect(metrics.flat().map(({ name }) => name)).toEqual([`pid_${other}`]);
});
