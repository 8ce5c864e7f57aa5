import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedPins } from '../../hsm/pkcs11/token/refusedPins.ts';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { Readiness } from '../../keyStores/readiness.ts';
import { ListenFailure } from '../listenFailure.ts';
import type { Drain, ServeOrder, Serving } from '../serving.ts';
import { Acceptor } from './acceptor.ts';
import { badEnds } from './badEnds.ts';
import { prepareAll } from './prepareAll.ts';
import { ChannelEnd } from '../../messaging/remoteCalls.ts';
import { ServingWorkers } from './servingWorkers.ts';
import { START_MS, startInTime } from './startInTime.ts';
import { SupervisorFailure } from './supervisorFailure.ts';
import type { SupervisorOptions } from './supervisorOptions.ts';
import { SupervisedWorker } from './supervisedWorker.ts';
import { HUNG_MS, watchWorker } from './watchWorker.ts';
import type { WorkerStatus } from './workerCalls.ts';
import { WorkerMetrics } from './workerMetrics.ts';

const SHORT_LIFE_MS = 10_000;
// So many short lives in a row of one worker, and it is of no use to try again.
const SHORT_LIVES = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
// What a worker has to end in beyond the time of the drain: to close its sessions, or to kill itself.
const END_MS = 5_000;
// The records of the workers' ends come last.
const LAST_RECORDS_MS = 1_000;

/** Several worker processes that serve the connections of one port. One that ends or hangs is replaced while the others serve. */
export class Supervisor implements Serving {
  readonly ended: Promise<never>;
  readonly #options: SupervisorOptions;
  readonly #workers = new Set<SupervisedWorker>();
  readonly #serving = new ServingWorkers<SupervisedWorker>();
  /** PINs refused to any worker, including those that have ended. */
  readonly #refusedPins = new RefusedPins();
  readonly #metrics: WorkerMetrics;
  readonly #failed = Promise.withResolvers<never>();
  readonly #slots: Promise<void>[] = [];
  #order: ServeOrder;
  #acceptor: Acceptor | undefined;
  readonly #stop = new AbortController();

  private constructor(order: ServeOrder, options: SupervisorOptions) {
    this.#order = order;
    this.#options = options;
    this.#metrics = new WorkerMetrics(options.retainCounts);
    this.ended = this.#failed.promise;
    // Prevents an unhandled rejection when no one awaits `ended`.
    this.ended.catch(() => undefined);
  }

  /** Starts one worker, and the others when that one serves: so a wrong PIN is tried once. Throws what it failed of. */
  static async start(order: ServeOrder, options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(order, options);
    let first: SupervisedWorker | undefined;
    try {
      first = await supervisor.#fork();
      await supervisor.#start(first, 1, false);
      supervisor.#acceptor = await supervisor.#listen();
    } catch (error) {
      first?.kill();
      throw error instanceof ListenFailure ? error : new SupervisorFailure((error as Error).message);
    }
    supervisor.#slots.push(supervisor.#keep(1, first));
    for (let slot = 2; slot <= order.processes; slot += 1) supervisor.#slots.push(supervisor.#keep(slot));
    return supervisor;
  }

  get address(): AddressInfo {
    if (!this.#acceptor) throw new Error('the supervisor has not started');
    return this.#acceptor.address;
  }

  async apply(order: ServeOrder): Promise<void> {
    const prepared = this.#serving.all;
    try {
      await prepareAll(prepared, order);
    } catch (error) {
      await Promise.allSettled(prepared.map(({ calls }) => calls.call('discard', undefined)));
      throw error;
    }
    this.#order = order;
    await Promise.all(this.#serving.all.map((worker) => this.#goOver(worker, prepared.includes(worker))));
  }

  readiness(): Readiness {
    if (this.#isStopping()) return { ready: false, problems: ['draining'] };
    const { problem } = this.#options.records;
    return problem === undefined ? this.#serving.readiness : { ready: false, problems: [problem] };
  }

  metrics(): Promise<readonly MetricsSnapshot[]> {
    return this.#metrics.collect(this.#serving.all);
  }

  note(type: 'reload', members: object): void {
    this.#options.records.note(type, members);
  }

  async drain(drain: Drain): Promise<readonly string[]> {
    this.#stop.abort();
    const { log, records } = this.#options;
    const deadline = performance.now() + drain.drainMs;
    const workers = [...this.#workers];
    const lameDuck = setTimeout(() => {
      this.#acceptor?.close();
    }, drain.lameDuckMs);
    for (const { calls } of this.#workers) calls.call('drain', drain).catch(() => undefined);
    const timer = setTimeout(() => {
      for (const worker of this.#workers) {
        log.error({ worker: worker.id }, 'a worker did not end in time and is killed');
        worker.kill();
      }
    }, drain.drainMs + END_MS);
    await Promise.all(this.#slots);
    clearTimeout(timer);
    // All may have ended before it is over.
    clearTimeout(lameDuck);
    this.#acceptor?.close();
    const lost = await records.stop(Math.max(deadline, performance.now() + LAST_RECORDS_MS));
    return [...(await badEnds(workers)), ...lost];
  }

  async #listen(): Promise<Acceptor> {
    const { host, port } = this.#options;
    try {
      return await Acceptor.listen({ ...this.#options, workers: () => this.#serving.accepting });
    } catch (error) {
      throw new ListenFailure(host, port, error);
    }
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  async #fork(): Promise<SupervisedWorker> {
    const { output, records } = this.#options;
    const checkpoint = records.note.bind(records, 'checkpoint');
    const worker = await SupervisedWorker.fork({ ...output, checkpoint });
    this.#workers.add(worker);
    void worker.ended.then((end) => {
      records.note('stop', { worker: worker.id, pid: worker.pid, ...end });
      this.#workers.delete(worker);
      this.#serving.delete(worker);
      this.#metrics.retain(worker);
    });
    return worker;
  }

  #note(worker: SupervisedWorker, status: WorkerStatus): void {
    this.#serving.note(worker, status.readiness);
    for (const refused of status.refusedPins) this.#refusedPins.learn(refused);
  }

  /** There is no way back when others have gone over: a worker that cannot is replaced. */
  async #goOver(worker: SupervisedWorker, isPrepared: boolean): Promise<void> {
    try {
      if (!isPrepared) await worker.calls.call('prepare', this.#order);
      await worker.calls.call('commit', undefined);
    } catch (error) {
      if (error instanceof ChannelEnd) return;
      const { message } = error as Error;
      this.#options.log.error({ worker: worker.id, detail: message }, 'a worker did not take the configuration over');
      worker.kill();
    }
  }

  /** Tells a worker what to serve, and then looks whether it hangs. */
  async #start(worker: SupervisedWorker, slot: number, isReplacement: boolean): Promise<void> {
    let order = this.#order;
    const refusedPins = this.#refusedPins.records();
    await worker.calls.call('start', { order, slot, isReplacement, refusedPins });
    const status = await worker.calls.call('status', undefined);
    // What was applied meanwhile reached the others only.
    while (order !== this.#order) {
      order = this.#order;
      await worker.calls.call('prepare', order);
      await worker.calls.call('commit', undefined);
    }
    this.#note(worker, status);
    this.#options.log.info({ worker: worker.id, pid: worker.pid }, 'a worker serves');
    this.#options.records.note('start', { worker: worker.id, slot: `w${slot}`, pid: worker.pid });
    void this.#watch(worker);
  }

  /** Keeps one worker running until a drain. */
  async #keep(slot: number, running?: SupervisedWorker): Promise<void> {
    const { log, clock, onRestart } = this.#options;
    let shortLives = 0;
    let worker = running;
    while (!this.#isStopping()) {
      const startedAt = clock();
      worker ??= await this.#startAnother(slot);
      const end = await worker?.ended;
      if (this.#isStopping()) return;
      shortLives = clock() - startedAt < SHORT_LIFE_MS ? shortLives + 1 : 0;
      if (worker) {
        log.error({ worker: worker.id, pid: worker.pid, ...end, shortLives }, 'a worker has ended and is replaced');
        onRestart();
      }
      worker = undefined;
      // While others serve, it may be of use.
      if (shortLives >= SHORT_LIVES && this.#serving.all.length === 0) {
        const how = end?.signal ?? `exit code ${end?.exitCode ?? 'unknown'}`;
        this.#failed.reject(
          new SupervisorFailure(`worker processes end as soon as they have started, the last one with ${how}`),
        );
        return;
      }
      if (shortLives > 0) await this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** (shortLives - 1), LONGEST_PAUSE_MS));
    }
  }

  /** Undefined: the system can make no process now. */
  async #startAnother(slot: number): Promise<SupervisedWorker | undefined> {
    let worker: SupervisedWorker | undefined;
    try {
      worker = await this.#fork();
      // Those that serve have found the key managers there.
      await startInTime(this.#start(worker, slot, true), this.#killHung.bind(this, worker, START_MS));
    } catch (error) {
      if (this.#isStopping()) return worker;
      this.#options.log.error({ worker: worker?.id, detail: (error as Error).message }, 'a worker did not start');
      worker?.kill();
    }
    return worker;
  }

  /** Ends early with a drain. */
  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** Kills a worker that does not answer any more. */
  async #watch(worker: SupervisedWorker): Promise<void> {
    const outcome = await watchWorker(worker, (status) => {
      this.#note(worker, status);
    });
    if (outcome === 'hangs') this.#killHung(worker, HUNG_MS);
  }

  #killHung(worker: SupervisedWorker, afterMs: number): void {
    this.#options.log.error({ worker: worker.id, pid: worker.pid, afterMs }, 'a worker hangs and is killed');
    worker.kill();
  }
}
