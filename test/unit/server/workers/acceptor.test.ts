import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Refusal } from '../../../../src/server/refusal.ts';
import { Acceptor } from '../../../../src/server/workers/acceptor.ts';

const ENOUGH = 100;

/** A dead worker that is still in the list of workers. Its channel is closed, so no connection can be sent to it. */
class DeadWorker {
  readonly giving = 0;
  given = 0;

  async give(): Promise<boolean> {
    this.given += 1;
    // An endless loop would block everything else, even the end of this test.
    if (this.given > ENOUGH) throw new Error('given again and again');
    return new Promise((resolve) => {
      process.nextTick(resolve, false);
    });
  }
}

/** A worker that accepts its connections when the test says so. */
class SlowWorker {
  readonly #waiting: PromiseWithResolvers<boolean>[] = [];

  get giving(): number {
    return this.#waiting.length;
  }

  async give(): Promise<boolean> {
    const waiting = Promise.withResolvers<boolean>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  take(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(true);
  }
}

const refusals: Refusal[] = [];
beforeEach(() => {
  refusals.length = 0;
});

async function acceptFor(...workers: readonly (DeadWorker | SlowWorker)[]): Promise<(count: number) => Socket[]> {
  const acceptor = await Acceptor.listen({
    host: '127.0.0.1',
    port: 0,
    sinks: () => workers,
    onRefused: (refusal) => refusals.push(refusal),
  });
  onTestFinished(() => {
    acceptor.close();
  });
  return (count) => Array.from({ length: count }, () => connect(acceptor.address.port, '127.0.0.1'));
}

it('sends the connections of a dead worker to a live one, even if that has not accepted its last one yet', async () => {
  const dead = new DeadWorker();
  const slow = new SlowWorker();
  const open = await acceptFor(dead, slow);
  const clients = open(6);
  await expect.poll(() => slow.giving).toBe(6);
  expect(dead.given).toBeLessThanOrEqual(6);
  slow.take();
  // This closes the acceptor's descriptor, and so the connection: a real worker would have its own descriptor.
  await Promise.all(clients.map(async (client) => once(client.resume(), 'close')));
});

it('refuses a connection after each worker has failed to accept it once', async () => {
  const workers = [new DeadWorker(), new DeadWorker()];
  const open = await acceptFor(...workers);
  await Promise.all(open(5).map(async (client) => once(client.resume(), 'close')));
  expect(workers.map(({ given }) => given)).toEqual([5, 5]);
  const refusal = { remoteAddress: '127.0.0.1', reason: 'no worker takes it', routine: false };
  expect(refusals).toEqual(Array.from({ length: 5 }, () => refusal));
});

it('refuses connections above the limit of those in transit', async () => {
  const slow = new SlowWorker();
  const acceptor = await Acceptor.listen({
    host: '127.0.0.1',
    port: 0,
    sinks: () => [slow],
    maxConnections: 1,
    onRefused: (refusal) => refusals.push(refusal),
  });
  onTestFinished(() => {
    acceptor.close();
  });
  const clients = Array.from({ length: 2 }, () => connect(acceptor.address.port, '127.0.0.1').resume());
  const refused = { remoteAddress: '127.0.0.1', reason: 'too many connections', routine: false };
  await expect.poll(() => refusals).toEqual([refused]);
  slow.take();
  await Promise.all(clients.map(async (client) => client.closed || once(client, 'close')));
});

it('sends a connection to the worker with the fewest pending ones', async () => {
  const workers = [new SlowWorker(), new SlowWorker()];
  const open = await acceptFor(...workers);
  const [first, second] = workers as [SlowWorker, SlowWorker];
  const clients = open(4);
  await expect.poll(() => [first.giving, second.giving]).toEqual([2, 2]);
  first.take();
  clients.push(...open(2));
  await expect.poll(() => [first.giving, second.giving]).toEqual([2, 2]);
  for (const client of clients) client.destroy();
  for (const worker of workers) worker.take();
});
