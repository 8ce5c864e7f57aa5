import { expect, it } from 'vitest';
import { prepareAll } from '../../../../src/server/workers/prepareAll.ts';
import type { Channel } from '../../../../src/messaging/channel.ts';
import { Peer } from '../../../../src/messaging/peer.ts';
import type { WorkerEnd } from '../../../../src/server/workers/supervisedWorker.ts';
import type { WorkerCalls } from '../../../../src/server/workers/workerCalls.ts';

const ORDER = {
  file: '',
  snapshot: {},
  policySets: [],
  ticketKeys: Buffer.alloc(48),
  logLevel: 'info',
  processes: 2,
} as const;

/** A worker that ends as `end` says on a request to prepare. Without `end`, it prepares. */
function worker(end?: WorkerEnd, isKilled = false) {
  const asked: unknown[] = [];
  let answer: (message: unknown) => void = () => undefined;
  const channel: Channel = {
    send: (message) => {
      asked.push(message);
      if (end) peer.end();
      else answer({ answer: (message as { call: number }).call });
    },
    onMessage: (listener) => {
      answer = listener;
    },
  };
  const peer = new Peer<WorkerCalls>(channel, { name: 'it' });
  return { asked, peer, isKilled, ended: Promise.resolve(end ?? { exitCode: 0, signal: null }) };
}

it('all workers prepare the configuration', async () => {
  const workers = [worker(), worker()];
  await prepareAll(workers, ORDER);
  expect(workers.map(({ asked }) => asked.length)).toEqual([1, 1]);
});

it.each([
  ['crashes', { exitCode: null, signal: 'SIGABRT' }, false],
  ['exits', { exitCode: 1, signal: null }, false],
  ['hangs, and is killed for it', { exitCode: null, signal: 'SIGKILL' }, true],
])(
  'if the first worker %s, the configuration is refused, and the others never receive it',
  async (_how, end, isKilled) => {
    const other = worker();
    await expect(prepareAll([worker(end, isKilled), other], ORDER)).rejects.toThrow('it has ended');
    expect(other.asked).toEqual([]);
  },
);

it('if a first worker is killed from outside, the next one is tried', async () => {
  const killed = { exitCode: null, signal: 'SIGKILL' };
  const other = worker();
  await prepareAll([worker(killed), other], ORDER);
  expect(other.asked).toHaveLength(1);
  await expect(prepareAll([worker(killed)], ORDER)).rejects.toThrow('it has ended');
});
