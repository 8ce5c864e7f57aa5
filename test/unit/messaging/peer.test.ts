import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, expect, expectTypeOf, it, vi } from 'vitest';
import type { Channel } from '../../../src/messaging/channel.ts';
import type { ErrorCodec } from '../../../src/messaging/errorCodec.ts';
import { CallLate, ChannelEnd, Peer, type PeerOptions } from '../../../src/messaging/peer.ts';
import { threadChannel } from '../../../src/messaging/threadChannel.ts';

type Calls = {
  double(number: number): number;
  later(number: number): Promise<number>;
  note(text: string): void;
  fail(how: 'at once' | 'later'): Promise<never>;
  uncopyable(): unknown;
};

const noted: string[] = [];
let answers: PromiseWithResolvers<number>[];
let messages: MessageChannel;

beforeEach(() => {
  noted.length = 0;
  answers = [];
  messages = new MessageChannel();
});
afterEach(() => {
  messages.port1.close();
});

const offer: Calls = {
  double: (number) => 2 * number,
  later: (number) => {
    const answer = Promise.withResolvers<number>();
    answers[number] = answer;
    return answer.promise;
  },
  note: (text) => {
    noted.push(text);
  },
  fail: (how) => {
    if (how === 'at once') throw new TypeError(how);
    return Promise.reject(new TypeError(how));
  },
  uncopyable: () => () => undefined,
};

/** The other end of a channel that answers `offer`. */
function peer(options: Partial<PeerOptions> = {}): Peer<Calls> {
  new Peer(threadChannel(messages.port2), { name: 'this end', offer, ...options });
  return new Peer<Calls>(threadChannel(messages.port1), { name: 'worker 7', ...options });
}

/** The other end of a channel that never answers. */
function silent(send: Channel['send'] = () => undefined): Peer<Calls> {
  return new Peer<Calls>({ send, onMessage: () => undefined }, { name: 'worker 7' });
}

it('each call gets its own answer, in any order', async () => {
  const other = peer();
  const [first, second] = [other.call('later', 1), other.call('later', 2)];
  expect(await other.call('double', 21)).toBe(42);
  answers[2]?.resolve(20);
  expect(await second).toBe(20);
  answers[1]?.resolve(10);
  expect(await first).toBe(10);
  expectTypeOf(first).resolves.toEqualTypeOf<number>();
  expect(other.waiting).toBe(0);
});

it('both ends of a channel can call each other', async () => {
  const one = new Peer<Calls>(threadChannel(messages.port1), { name: 'one', offer });
  const other = new Peer<Calls>(threadChannel(messages.port2), { name: 'other', offer });
  expect(await Promise.all([one.call('double', 1), other.call('double', 2)])).toEqual([2, 4]);
});

it('immediate calls are answered in their order, before those that take time', async () => {
  const other = peer();
  const order: string[] = [];
  const note = (name: string) => () => order.push(name);
  const slow = other.call('later', 1).then(note('later'));
  const quick = [other.call('double', 1).then(note('first')), other.call('double', 2).then(note('second'))];
  await Promise.all(quick);
  answers[1]?.resolve(1);
  await slow;
  expect(order).toEqual(['first', 'second', 'later']);
});

it('an event is one-way, and keeps its place among calls', async () => {
  const other = peer();
  other.tell('note', 'one');
  other.tell('note', 'two');
  await other.call('double', 1);
  expect(noted).toEqual(['one', 'two']);
  expect(other.waiting).toBe(0);
});

it.each(['at once', 'later'] as const)('the message of an error reaches the caller: %s', async (how) => {
  const failure = await peer()
    .call('fail', how)
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({ name: 'Error', message: how });
});

it('an error reaches the caller as its codec defines it', async () => {
  const errors: ErrorCodec<{ class: string }> = {
    encode: (error) => ({ class: (error as Error).name }),
    decode: (wire) => new RangeError(`was ${wire.class}`),
  };
  await expect(peer({ errors }).call('fail', 'later')).rejects.toThrow(new RangeError('was TypeError'));
});

it('an argument or a result that cannot be copied fails only its call', async () => {
  const other = peer();
  await expect(other.call('note', (() => undefined) as unknown as string)).rejects.toThrow('could not be cloned');
  await expect(other.call('uncopyable', undefined)).rejects.toThrow('could not be cloned');
  expect(await other.call('double', 1)).toBe(2);
  expect(other.waiting).toBe(0);
});

it('a call that is not answered in time is late, and remains pending until its answer arrives', async () => {
  const other = peer();
  const late = other.call('later', 1, { timeoutMs: 1 });
  await expect(late).rejects.toThrow(new CallLate('worker 7 has not answered in time'));
  expect(other.waiting).toBe(1);
  await vi.waitFor(
    () => {
      expect(answers).toHaveLength(2);
    },
    { timeout: 60_000 },
  );
  answers[1]?.resolve(10);
  await vi.waitFor(
    () => {
      expect(other.waiting).toBe(0);
    },
    { timeout: 60_000 },
  );
});

it('a call that is given up is no longer pending', async () => {
  const other = silent();
  const given = new AbortController();
  const call = other.call('later', 1, { signal: given.signal });
  given.abort(new Error('given up'));
  await expect(call).rejects.toThrow('given up');
  expect(other.waiting).toBe(0);
});

it('the end of the channel ends pending and later calls', async () => {
  vi.useFakeTimers();
  try {
    const other = silent();
    const waiting = other.call('later', 1, { timeoutMs: 1_000 });
    const end = new ChannelEnd('worker 7 has ended (SIGKILL)');
    other.end('SIGKILL');
    await expect(waiting).rejects.toThrow(end);
    await expect(other.call('double', 1)).rejects.toThrow(end);
    other.tell('note', 'to no one');
    expect(other.waiting).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('a call that cannot be sent means the end of the channel', async () => {
  const other = silent((_message, options) => {
    process.nextTick(() => options?.onFailure?.());
  });
  await expect(other.call('double', 1)).rejects.toThrow(new ChannelEnd('worker 7 has ended'));
  expect(other.waiting).toBe(0);
});
