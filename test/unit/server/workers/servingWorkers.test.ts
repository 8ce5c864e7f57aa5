import { expect, it } from 'vitest';
import { ServingWorkers } from '../../../../src/server/workers/servingWorkers.ts';

const READY = { ready: true, problems: [] };
const LOST = { ready: false, problems: ['no key manager of key store first can serve'] };

it('are given connections if they are ready, and again after a recovery', () => {
  const workers = new ServingWorkers<string>();
  workers.note('a', READY);
  workers.note('b', LOST);
  expect(workers.accepting).toEqual(['a']);
  expect(workers.all).toEqual(['a', 'b']);
  expect(workers.readiness).toEqual({ ready: true, problems: LOST.problems });
  workers.note('b', READY);
  expect(workers.accepting).toEqual(['a', 'b']);
});

it('are all given connections if none is ready', () => {
  const workers = new ServingWorkers<string>();
  for (const worker of ['a', 'b']) workers.note(worker, LOST);
  expect(workers.accepting).toEqual(['a', 'b']);
  expect(workers.readiness).toEqual(LOST);
});

it('are none if all have ended', () => {
  const workers = new ServingWorkers<string>();
  workers.note('a', READY);
  workers.delete('a');
  expect(workers.accepting).toEqual([]);
  expect(workers.readiness).toEqual({ ready: false, problems: ['no worker serves'] });
});
