import { expect, it } from 'vitest';
import { prepareAll } from '../../../src/server/workers/prepareAll.ts';
import { RemoteCalls } from '../../../src/messaging/remoteCalls.ts';
import type { WorkerEnd } from '../../../src/server/workers/supervisedWorker.ts';
import type { WorkerCalls } from '../../../src/server/workers/workerCalls.ts';

const ORDER = { file: '', snapshot: {}, ticketKeys: Buffer.alloc(48), logLevel: 'info', processes: 2 } as const;

/** A worker that ends so when it is asked to prepare; one that prepares if it does not end. */
function worker(end?: WorkerEnd, isKilled = false) {
  const asked: unknown[] = [];
  const answers: ((message: unknown) => void)[] = [];
  const calls: RemoteCalls<WorkerCalls> = new RemoteCalls<WorkerCalls>({
    send: (message) => {
      asked.push(message);
      const { call } = message as { call: number };
      if (end) calls.end('it has ended');
      else for (const answer of answers) answer({ answer: call });
    },
    onMessage: (listener) => answers.push(listener),
  });
  return { asked, calls, isKilled, ended: Promise.resolve(end ?? { exitCode: 0, signal: null }) };
}

it('all prepare', async () => {
  const workers = [worker(), worker()];
  await prepareAll(workers, ORDER);
  expect(workers.map(({ asked }) => asked.length)).toEqual([1, 1]);
});

it.each([
  ['crashes', { exitCode: null, signal: 'SIGABRT' }, false],
  ['exits', { exitCode: 1, signal: null }, false],
  ['hangs, and is killed for it', { exitCode: null, signal: 'SIGKILL' }, true],
])('a first worker that %s over it refuses it, and the others never see it', async (_how, end, isKilled) => {
  const other = worker();
  await expect(prepareAll([worker(end, isKilled), other], ORDER)).rejects.toThrow('it has ended');
  expect(other.asked).toEqual([]);
});

it('a first worker that somebody else kills is no objection', async () => {
  const killed = { exitCode: null, signal: 'SIGKILL' };
  const other = worker();
  await prepareAll([worker(killed), other], ORDER);
  expect(other.asked).toHaveLength(1);
  await expect(prepareAll([worker(killed)], ORDER)).rejects.toThrow('it has ended');
});
