import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RefusedPinRecord } from '../../hsm/pkcs11/refusedPins.ts';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { Readiness } from '../../monitoring/readiness.ts';
import type { ServeOrder, Serving } from '../serving.ts';
import { ChannelEnd } from './remoteCalls.ts';
import { SupervisedWorker, type WorkerOutput } from './supervisedWorker.ts';
import type { WorkerStatus } from './workerCalls.ts';

export interface SupervisorOptions {
  readonly output: WorkerOutput;
  readonly log: SupervisorLog;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** After a drain began, the time that workers have to end. */
  readonly drainMs: number;
  /** Told of each worker that has ended and is replaced. */
  readonly onRestart: () => void;
}

interface SupervisorLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const PING_INTERVAL_MS = 1_000;
// KMS waits 250 ms; but a process that is short of CPU may be late without hanging.
const HUNG_MS = 10_000;
// A scraper waits for some seconds.
const METRICS_MS = 2_000;
const SHORT_LIFE_MS = 10_000;
// So many short lives in a row of one worker, and it is of no use to try again.
const SHORT_LIVES = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
// What a worker has to end in beyond the time of the drain: to close its sessions, or to kill itself.
const END_MS = 5_000;

/** Several worker processes that serve one port. One that ends or hangs is replaced while the others serve. */
export class Supervisor implements Serving {
  readonly ended: Promise<never>;
  readonly #options: SupervisorOptions;
  readonly #workers = new Set<SupervisedWorker>();
  /** Those of them that have started, and what they said last. */
  readonly #serving = new Map<SupervisedWorker, WorkerStatus>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #slots: Promise<void>[] = [];
  #order: ServeOrder;
  #address: AddressInfo | undefined;
  readonly #stop = new AbortController();

  private constructor(order: ServeOrder, options: SupervisorOptions) {
    this.#order = order;
    this.#options = options;
    this.ended = this.#failed.promise;
    // Whoever waits for it is told; nobody need.
    this.ended.catch(() => undefined);
  }

  /** Starts one worker, and the others when that one serves: so a wrong PIN is tried once. Throws what it failed of. */
  static async start(order: ServeOrder, options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(order, options);
    const first = supervisor.#fork();
    supervisor.#address = await supervisor.#start(first, 1).catch((error: unknown) => {
      first.kill();
      throw new SupervisorFailure((error as Error).message);
    });
    supervisor.#slots.push(supervisor.#keep(1, first));
    for (let slot = 2; slot <= order.processes; slot += 1) supervisor.#slots.push(supervisor.#keep(slot));
    return supervisor;
  }

  get address(): AddressInfo {
    if (!this.#address) throw new Error('the supervisor has not started');
    return this.#address;
  }

  async apply(order: ServeOrder): Promise<void> {
    const [first, ...others] = this.#serving.keys();
    try {
      // One at first: what it refuses, a PIN perhaps, the others need not try.
      if (first) await unlessEnded(first.calls.call('prepare', order));
      await Promise.all(others.map(({ calls }) => unlessEnded(calls.call('prepare', order))));
    } catch (error) {
      await this.#callAll('discard');
      throw error;
    }
    this.#order = order;
    await this.#callAll('commit');
  }

  /** Ready as soon as one worker is. */
  readiness(): Readiness {
    if (this.#isStopping()) return { ready: false, problems: ['draining'] };
    const workers = [...this.#serving.values()].map(({ readiness }) => readiness);
    const problems = [...new Set(workers.flatMap(({ problems }) => problems))];
    return {
      ready: workers.some(({ ready }) => ready),
      problems: workers.length === 0 ? ['no worker serves'] : problems,
    };
  }

  async metrics(): Promise<readonly MetricsSnapshot[]> {
    const answers = [...this.#serving.keys()].map(({ calls }) => calls.call('metrics', undefined));
    const late = sleep(METRICS_MS, [], { ref: false });
    const snapshots = await Promise.all(answers.map((answer) => Promise.race([answer, late]).catch(() => [])));
    return snapshots.flat();
  }

  async drain(lameDuckMs: number): Promise<void> {
    this.#stop.abort();
    const { drainMs, log } = this.#options;
    for (const { calls } of this.#workers) calls.call('drain', lameDuckMs).catch(() => undefined);
    const timer = setTimeout(() => {
      for (const worker of this.#workers) {
        log.error({ worker: worker.id }, 'a worker did not end in time and is killed');
        worker.kill();
      }
    }, drainMs + END_MS);
    await Promise.all(this.#slots);
    clearTimeout(timer);
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  #fork(): SupervisedWorker {
    const worker = new SupervisedWorker(this.#options.output);
    this.#workers.add(worker);
    void worker.ended.then(() => {
      this.#workers.delete(worker);
      this.#serving.delete(worker);
    });
    return worker;
  }

  #refusedPins(): RefusedPinRecord[] {
    return [...this.#serving.values()].flatMap(({ refusedPins }) => refusedPins);
  }

  /** Of all workers that serve; those that had nothing prepared do nothing. */
  async #callAll(name: 'commit' | 'discard'): Promise<void> {
    await Promise.allSettled([...this.#serving.keys()].map(({ calls }) => calls.call(name, undefined)));
  }

  /** Tells a worker what to serve, and then looks whether it hangs. */
  async #start(worker: SupervisedWorker, slot: number): Promise<AddressInfo> {
    let order = this.#order;
    const address = await worker.calls.call('start', { order, slot, refusedPins: this.#refusedPins() });
    // What was applied meanwhile reached the others only.
    while (order !== this.#order) {
      order = this.#order;
      await worker.calls.call('prepare', order);
      await worker.calls.call('commit', undefined);
    }
    this.#serving.set(worker, await worker.calls.call('status', undefined));
    this.#options.log.info({ worker: worker.id, pid: worker.pid }, 'a worker serves');
    void this.#watch(worker);
    return address;
  }

  /** Keeps one worker running until a drain. */
  async #keep(slot: number, running?: SupervisedWorker): Promise<void> {
    const { log, clock, onRestart } = this.#options;
    let shortLives = 0;
    let worker = running;
    while (!this.#isStopping()) {
      const startedAt = clock();
      if (!worker) {
        worker = this.#fork();
        await this.#startOrKill(worker, slot);
      }
      const end = await worker.ended;
      if (this.#isStopping()) return;
      shortLives = clock() - startedAt < SHORT_LIFE_MS ? shortLives + 1 : 0;
      log.error({ worker: worker.id, pid: worker.pid, ...end, shortLives }, 'a worker has ended and is replaced');
      worker = undefined;
      onRestart();
      if (shortLives >= SHORT_LIVES) {
        const how = end.signal ?? `exit code ${end.exitCode ?? 'unknown'}`;
        this.#failed.reject(
          new SupervisorFailure(`worker processes end as soon as they have started, the last one with ${how}`),
        );
        return;
      }
      if (shortLives > 0) await this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** (shortLives - 1), LONGEST_PAUSE_MS));
    }
  }

  async #startOrKill(worker: SupervisedWorker, slot: number): Promise<void> {
    try {
      await this.#start(worker, slot);
    } catch (error) {
      if (this.#isStopping()) return;
      const { message } = error as Error;
      this.#options.log.error({ worker: worker.id, detail: message }, 'a worker did not start');
      worker.kill();
    }
  }

  /** Ends early with a drain. */
  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** Kills a worker that does not answer any more. */
  async #watch(worker: SupervisedWorker): Promise<void> {
    const { log } = this.#options;
    while (this.#workers.has(worker)) {
      const answered = new AbortController();
      const answer = worker.calls.call('status', undefined).then(
        (status) => {
          this.#serving.set(worker, status);
          return 'answered';
        },
        () => 'ended',
      );
      const late = sleep(HUNG_MS, 'late', { signal: answered.signal }).catch(() => 'answered');
      const outcome = await Promise.race([answer, late]);
      answered.abort();
      if (outcome === 'late') {
        log.error({ worker: worker.id, pid: worker.pid, afterMs: HUNG_MS }, 'a worker hangs and is killed');
        worker.kill();
      }
      if (outcome !== 'answered') return;
      await sleep(PING_INTERVAL_MS);
    }
  }
}

// A worker that ends meanwhile refuses nothing: its successor starts with what is in force then.
async function unlessEnded(call: Promise<void>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ChannelEnd)) throw error;
  });
}

/** The workers cannot serve; the message says why. */
export class SupervisorFailure extends Error {
  override readonly name = 'SupervisorFailure';
}
