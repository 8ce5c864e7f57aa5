import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionPool } from '../../../src/hsm/pkcs11/serving/sessionPool.ts';
import { XksError } from '../../../src/xks/errors.ts';
import { ulong } from './fakeCryptoki.ts';

const TIMEOUT_MS = 100;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp(size: number, timeoutMs = TIMEOUT_MS) {
  let opened = 0;
  const open = vi.fn(() => ulong(++opened));
  const close = vi.fn();
  const clock = () => performance.now();
  const pool = new SessionPool({ size, open, close, clock, timeoutMs, isBlocking: false });
  /** Borrows a session until the given promise settles. */
  const use = <T>(until: T | Promise<T>, givenMs = TIMEOUT_MS) =>
    pool.withSession({ kind: 'encrypt', deadline: clock() + givenMs }, () => until);
  return { pool, open, close, clock, use };
}

/** The time of the fake timers. */
const sleep = (milliseconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, milliseconds));

const throttled = { errorName: 'ThrottlingException' };
const late = { errorName: 'DependencyTimeoutException' };

describe('a session', () => {
  it('is lent to one operation at a time, and opened only on demand', async () => {
    const { pool, open, clock } = setUp(2);
    const lent = new Set<string>();
    const operations = Array.from({ length: 50 }, () =>
      pool.withSession({ kind: 'encrypt', deadline: clock() + TIMEOUT_MS }, async (session) => {
        const name = session.toString('hex');
        expect(lent).not.toContain(name);
        lent.add(name);
        await Promise.resolve();
        lent.delete(name);
      }),
    );
    expect(open.mock.calls.length).toBeLessThanOrEqual(2);
    await Promise.all(operations);
    expect(open).toHaveBeenCalledTimes(2);
    await pool.withSession({ kind: 'encrypt', deadline: clock() + TIMEOUT_MS }, () => undefined);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it.each(['closeIdle', 'forgetIdle'] as const)('that was lent during %s is not lent again', async (giveUp) => {
    const { pool, open, close, use } = setUp(1);
    const done = Promise.withResolvers<undefined>();
    const operation = use(done.promise);
    pool[giveUp]();
    const next = pool.withSession({ kind: 'encrypt', deadline: performance.now() + TIMEOUT_MS }, (session) => session);
    done.resolve(undefined);
    await operation;
    expect(close.mock.calls).toEqual([[ulong(1)]]);
    expect(await next).toEqual(ulong(2));
    expect(
      await pool.withSession({ kind: 'encrypt', deadline: performance.now() + TIMEOUT_MS }, (session) => session),
    ).toEqual(ulong(2));
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('is counted while it is lent, and so is each waiting operation', async () => {
    const { pool, use } = setUp(2);
    const done = Promise.withResolvers<undefined>();
    expect(pool.load).toEqual({ sessions: 2, sessionsInUse: 0, operationsWaiting: 0 });
    const operations = [use(done.promise), use(done.promise), use(done.promise)];
    expect(pool.load).toEqual({ sessions: 2, sessionsInUse: 2, operationsWaiting: 1 });
    done.resolve(undefined);
    await Promise.all(operations);
    expect(pool.load).toEqual({ sessions: 2, sessionsInUse: 0, operationsWaiting: 0 });
  });

  it('is given to the operation that has waited longest', async () => {
    const { pool, clock } = setUp(1);
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4].map((number) =>
        pool.withSession({ kind: 'encrypt', deadline: clock() + TIMEOUT_MS }, async () => {
          order.push(number);
          await Promise.resolve();
        }),
      ),
    );
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('is kept after a verdict and closed after any other failure', async () => {
    const { open, close, use } = setUp(1);
    await expect(use(Promise.reject(new XksError('KeyNotFoundException', 'x')))).rejects.toThrow('x');
    expect(close).not.toHaveBeenCalled();
    await expect(use(Promise.reject(new Error('y')))).rejects.toThrow('y');
    expect(close).toHaveBeenCalledExactlyOnceWith(ulong(1));
    await use(undefined);
    expect(open).toHaveBeenCalledTimes(2);
  });
});

describe('waiting', () => {
  it('ends with ThrottlingException at the deadline', async () => {
    const { use } = setUp(1);
    const first = Promise.withResolvers<string>();
    const running = use(first.promise, 2 * TIMEOUT_MS);
    const outcome = expect(use('x')).rejects.toMatchObject(throttled);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await outcome;
    first.resolve('done');
    expect(await running).toBe('done');
    expect(await use('again')).toBe('again');
  });

  it('also ends with ThrottlingException after blocking calls have used up the time', async () => {
    let now = 0;
    const pool = new SessionPool({
      size: 1,
      open: () => ulong(1),
      close: () => undefined,
      clock: () => now,
      timeoutMs: TIMEOUT_MS,
      isBlocking: true,
    });
    const used: number[] = [];
    const outcomes = [1, 2, 3].map((which) =>
      pool.withSession({ kind: 'encrypt', deadline: TIMEOUT_MS }, () => {
        used.push(which);
        // No timer can run meanwhile.
        now += TIMEOUT_MS;
        return which;
      }),
    );
    expect(await outcomes[0]).toBe(1);
    await expect(outcomes[1]).rejects.toMatchObject(throttled);
    await expect(outcomes[2]).rejects.toMatchObject(throttled);
    expect(used).toEqual([1]);
  });

  it('ends without a session at the deadline, even if a slow attempt shows that none can be opened', async () => {
    let now = 0;
    const gone = new Error('device removed');
    const open = vi.fn(() => ulong(1));
    const pool = new SessionPool({
      size: 1,
      open,
      close: () => undefined,
      clock: () => now,
      timeoutMs: TIMEOUT_MS,
      isBlocking: false,
    });
    const loan = { kind: 'encrypt', deadline: TIMEOUT_MS };
    const [outcome, ...others] = [1, 2, 3].map(() => pool.withSession(loan, () => Promise.reject(gone)));
    open.mockImplementation(() => {
      now += TIMEOUT_MS;
      throw gone;
    });
    await expect(outcome).rejects.toBe(gone);
    await expect(others[0]).rejects.toBe(gone);
    await expect(others[1]).rejects.toMatchObject(throttled);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('is refused behind too many others', async () => {
    const { use } = setUp(1);
    const first = Promise.withResolvers<string>();
    const accepted = Array.from({ length: 1 + 1_024 }, () => use(first.promise));
    await expect(use('one too many')).rejects.toMatchObject(throttled);
    first.resolve('done');
    expect(new Set(await Promise.all(accepted))).toEqual(new Set(['done']));
  });

  it('ends for all if no session can be opened any longer', async () => {
    const { open, use } = setUp(1);
    const first = Promise.withResolvers<string>();
    const outcomes = [first.promise, 'x', 'y'].map((until) => expect(use(until)).rejects.toThrow());
    open.mockImplementation(() => {
      throw new Error('device removed');
    });
    first.reject(new Error('device removed'));
    await Promise.all(outcomes);
  });

  it('ends when the pool is closed', async () => {
    const { pool, use } = setUp(1);
    const first = Promise.withResolvers<string>();
    const running = use(first.promise);
    const waiting = expect(use('x')).rejects.toMatchObject({ errorName: 'InternalException' });
    await vi.advanceTimersByTimeAsync(0);
    const closing = pool.close(TIMEOUT_MS);
    await waiting;
    first.resolve('done');
    expect(await running).toBe('done');
    expect(await closing).toBe(true);
  });
});

describe('a call that is late', () => {
  it('keeps its session, which is closed when the call returns', async () => {
    const { close, open, use } = setUp(1);
    const call = Promise.withResolvers<string>();
    const outcome = expect(use(call.promise)).rejects.toMatchObject(late);
    const patient = use('patient', 2 * TIMEOUT_MS);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await outcome;
    expect(close).not.toHaveBeenCalled();

    call.resolve('late');
    expect(await patient).toBe('patient');
    expect(close).toHaveBeenCalledExactlyOnceWith(ulong(1));
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('is not waited for if all sessions have late calls, because hanging sessions are not busy', async () => {
    const { use } = setUp(2);
    const [slow, hanging] = [Promise.withResolvers<string>(), new Promise<string>(() => undefined)];
    const outcomes = [slow.promise, hanging].map((until) => expect(use(until)).rejects.toMatchObject(late));
    outcomes.push(expect(use('waits longer', TIMEOUT_MS + 1)).rejects.toMatchObject(late));
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 1);
    await Promise.all(outcomes);
    await expect(use('at once')).rejects.toMatchObject(late);

    slow.resolve('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(await use('served')).toBe('served');
    const running = use(Promise.withResolvers<string>().promise, 2 * TIMEOUT_MS);
    const throttling = expect(use('one is busy')).rejects.toMatchObject(throttled);
    const ending = expect(running).rejects.toMatchObject(late);
    await vi.advanceTimersByTimeAsync(2 * TIMEOUT_MS);
    await Promise.all([throttling, ending]);
  });

  it('may fail without harm', async () => {
    const { close, use } = setUp(1);
    const call = Promise.withResolvers<string>();
    const outcome = expect(use(call.promise)).rejects.toMatchObject(late);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await outcome;
    call.reject(new XksError('KeyNotFoundException', 'x'));
    await vi.advanceTimersByTimeAsync(0);
    expect(close).toHaveBeenCalledOnce();
  });

  it('does not delay close forever', async () => {
    const { pool, use } = setUp(1);
    const outcome = expect(use(new Promise(() => undefined))).rejects.toMatchObject(late);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await outcome;
    const closing = pool.close(TIMEOUT_MS);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await closing).toBe(false);
  });

  it('does not begin after its deadline', async () => {
    const { pool, open, clock } = setUp(1);
    await expect(pool.withSession({ kind: 'encrypt', deadline: clock() }, () => undefined)).rejects.toMatchObject(late);
    expect(open).not.toHaveBeenCalled();
  });

  it('is awaited if it only blocked the thread', async () => {
    vi.useRealTimers();
    const { pool, clock } = setUp(1);
    // On a busy machine the call may begin late, but must begin before its deadline.
    const deadline = clock() + 200;
    const answer = await pool.withSession({ kind: 'encrypt', deadline }, async () => {
      while (clock() < deadline + 5);
      return await Promise.resolve('slow');
    });
    expect(answer).toBe('slow');
  });
});

describe('under overload', () => {
  const WORK_MS = 60;

  const WARM_MS = 600;
  const MEASURED_MS = 1_200;

  /**
   * Runs clients in a closed loop. Counts the operations that succeeded and those that began but failed, and measures the
   * longest refusal. Early operations do not count, because the pool does not know yet how long an operation takes.
   */
  async function load(clients: number, workMs: number) {
    const { pool, clock } = setUp(8, 200);
    const counts = { good: 0, begunInVain: 0, refusedAfterMs: 0 };
    const [warm, end] = [clock() + WARM_MS, clock() + WARM_MS + MEASURED_MS];
    const client = async () => {
      while (clock() < end) {
        const startedAt = clock();
        const work = vi.fn(() => sleep(workMs));
        const outcome = await pool
          .withSession({ kind: 'encryptWithCdiv', deadline: startedAt + 200 }, work)
          .catch((error: unknown) => error);
        if (startedAt >= warm && outcome === undefined) counts.good += 1;
        else if (startedAt >= warm) {
          counts.begunInVain += work.mock.calls.length;
          counts.refusedAfterMs = Math.max(counts.refusedAfterMs, clock() - startedAt);
        }
        await sleep(10);
      }
    };
    const done = Promise.all(Array.from({ length: clients }, client));
    await vi.advanceTimersByTimeAsync(WARM_MS + MEASURED_MS + 400);
    await done;
    return counts;
  }

  it.each([8, 16, 24, 64])('from %i clients, the sessions work for operations that end in time', async (clients) => {
    const { good, begunInVain, refusedAfterMs } = await load(clients, 2 * WORK_MS);
    const capacity = (8 * MEASURED_MS) / (2 * WORK_MS);
    expect(good / capacity).toBeGreaterThan(0.85);
    expect([begunInVain, refusedAfterMs]).toEqual([0, 0]);
  });

  it('a kind that was slow is served again after it became fast, although another kind takes every session', async () => {
    const { pool, clock } = setUp(1, 200);
    let workMs = 300;
    const counts = { encrypt: 0, decrypt: 0 };
    const operate = (kind: keyof typeof counts) =>
      pool
        .withSession({ kind, deadline: clock() + 200 }, () => sleep(workMs))
        .then(
          () => (counts[kind] += 1),
          () => sleep(10),
        );
    const client = async (kind: keyof typeof counts, end: number) => {
      while (clock() < end) await operate(kind);
    };
    const slow = client('encrypt', clock() + 5_000);
    await vi.advanceTimersByTimeAsync(6_000);
    await slow;
    expect(counts.encrypt).toBe(0);
    workMs = 20;
    const end = clock() + 5_000;
    const clients = [1, 2, 3, 4].map(() => client('decrypt', end));
    clients.push(client('encrypt', end));
    await vi.advanceTimersByTimeAsync(6_000);
    await Promise.all(clients);
    // Of 250 operations, a fifth after the kind is known to be fast.
    expect(counts.encrypt).toBeGreaterThan(25);
    expect(counts.decrypt).toBeGreaterThan(100);
  });

  it('a hanging operation causes refusals of others only for a short time', async () => {
    const { pool, clock, use } = setUp(2);
    const hanging = expect(use(new Promise(() => undefined))).rejects.toMatchObject(late);
    for (let time = 0; time < 20; time++) {
      const working = pool.withSession({ kind: 'encrypt', deadline: clock() + TIMEOUT_MS }, () => sleep(10));
      const waiting = pool.withSession({ kind: 'encrypt', deadline: clock() + TIMEOUT_MS }, () => sleep(10));
      await vi.advanceTimersByTimeAsync(30);
      await Promise.all([working, waiting]);
    }
    await hanging;
  });
});
