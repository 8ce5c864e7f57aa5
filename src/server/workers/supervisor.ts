import type { AddressInfo } from 'node:net';
import type { Block } from '../../blocks/blockList.ts';
import { RefusedPins } from '../../hsm/pkcs11/token/refusedPins.ts';
import type { Readiness } from '../../keyStores/readiness.ts';
import { ChannelEnd } from '../../messaging/peer.ts';
import type { MetricsSnapshot } from '../../monitoring/metrics/metricsSnapshot.ts';
import type { ProcessReport } from '../../monitoring/processReport.ts';
import { withTimeLimit } from '../../timing/timeLimit.ts';
import { ListenFailure } from '../listenFailure.ts';
import type { Drain, ServeOrder, Serving } from '../serving.ts';
import { Acceptor } from './acceptor.ts';
import { badEnds } from './badEnds.ts';
import { keepWorker, killHung } from './keepWorker.ts';
import { prepareAll } from './prepareAll.ts';
import { ServingWorkers } from './servingWorkers.ts';
import { SupervisedWorker } from './supervisedWorker.ts';
import { SupervisorFailure } from './supervisorFailure.ts';
import type { SupervisorOptions } from './supervisorOptions.ts';
import { watchWorker } from './watchWorker.ts';
import { WORKER_DURATIONS, type WorkerDurations } from './workerDurations.ts';
import { WorkerMetrics } from './workerMetrics.ts';
import { workerReports } from './workerReports.ts';

/**
 * Several worker processes that serve the connections of one port. A worker that ends or hangs is replaced while the others
 * serve.
 */
export class Supervisor implements Serving {
  readonly ended: Promise<never>;
  readonly #options: SupervisorOptions;
  readonly #durations: WorkerDurations;
  readonly #workers = new Set<SupervisedWorker>();
  readonly #serving = new ServingWorkers<SupervisedWorker>();
  /** PINs refused to any worker, including those that have ended. */
  readonly #refusedPins = new RefusedPins();
  /** The blocks that a worker last reported. A new worker keeps them if the block list is damaged or gone. */
  #blocks: readonly Block[] | undefined;
  readonly #metrics: WorkerMetrics;
  readonly #failed = Promise.withResolvers<never>();
  readonly #slots: Promise<void>[] = [];
  #order: ServeOrder;
  #acceptor: Acceptor | undefined;
  readonly #stop = new AbortController();

  private constructor(order: ServeOrder, options: SupervisorOptions) {
    const { retainCounts, durations = WORKER_DURATIONS } = options;
    this.#order = order;
    this.#options = options;
    this.#durations = durations;
    this.#metrics = new WorkerMetrics({ retainCounts, answerMs: durations.metricsMs });
    this.ended = this.#failed.promise;
    // Prevents an unhandled rejection when no one awaits `ended`.
    this.ended.catch(() => undefined);
  }

  /**
   * Starts one worker first, and the others once it serves, so that a wrong PIN is tried only once. Throws ListenFailure, or
   * SupervisorFailure with the error of the first worker.
   */
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
    supervisor.#keep(1, first);
    for (let slot = 2; slot <= order.processes; slot += 1) supervisor.#keep(slot);
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
      await Promise.allSettled(prepared.map(({ peer }) => peer.call('discard', undefined)));
      throw error;
    }
    this.#order = order;
    await Promise.all(this.#serving.all.map((worker) => this.#goOver(worker, prepared.includes(worker))));
  }

  readiness(): Readiness {
    if (this.#stop.signal.aborted) return { ready: false, problems: ['draining'] };
    const { problem } = this.#options.records;
    return problem === undefined ? this.#serving.readiness : { ready: false, problems: [problem] };
  }

  metrics(names?: readonly string[]): Promise<readonly MetricsSnapshot[]> {
    return this.#metrics.collect(this.#serving.all, names);
  }

  processes(): Promise<readonly ProcessReport[]> {
    return workerReports(this.#workers, this.#serving.all, this.#durations.metricsMs);
  }

  note(type: 'reload', members: object): void {
    this.#options.records.note(type, members);
  }

  async drain(drain: Drain): Promise<readonly string[]> {
    this.#stop.abort();
    const { endMs, lastRecordsMs } = this.#durations;
    const { log, records } = this.#options;
    const deadline = performance.now() + drain.drainMs;
    const workers = [...this.#workers];
    const lameDuck = setTimeout(() => {
      this.#acceptor?.close();
    }, drain.lameDuckMs);
    for (const { peer } of this.#workers) peer.call('drain', drain).catch(() => undefined);
    const ended = Promise.all(this.#slots);
    await withTimeLimit(ended, drain.drainMs + endMs, () => {
      for (const worker of this.#workers) {
        log.error({ worker: worker.id }, 'a worker did not end in time and is killed');
        worker.kill();
      }
      return ended;
    });
    // All workers may have ended before this time is over.
    clearTimeout(lameDuck);
    this.#acceptor?.close();
    const lost = await records.stop(Math.max(deadline, performance.now() + lastRecordsMs));
    return [...(await badEnds(workers)), ...lost];
  }

  async #listen(): Promise<Acceptor> {
    const { host, port } = this.#options;
    const sinks = () => this.#serving.accepting.map(({ connections }) => connections);
    try {
      return await Acceptor.listen({ ...this.#options, sinks });
    } catch (error) {
      throw new ListenFailure({ host, port }, error, 'server');
    }
  }

  async #fork(): Promise<SupervisedWorker> {
    const { records } = this.#options;
    const options = { ...this.#options, durations: this.#durations };
    const worker = await SupervisedWorker.fork(options, {
      checkpoint: (checkpoint) => {
        records.note('checkpoint', checkpoint);
      },
      pinRefused: (refused) => {
        this.#refusedPins.learn(refused);
      },
      blocksInForce: (blocks) => {
        this.#blocks = blocks;
      },
    });
    this.#workers.add(worker);
    void worker.ended.then((end) => {
      records.note('stop', { worker: worker.id, pid: worker.pid, ...end });
      this.#workers.delete(worker);
      this.#serving.delete(worker);
      this.#metrics.retain(worker);
    });
    return worker;
  }

  /**
   * Makes a worker switch to the new configuration. Once others have switched there is no way back, so a worker that cannot is
   * replaced.
   */
  async #goOver(worker: SupervisedWorker, isPrepared: boolean): Promise<void> {
    try {
      if (!isPrepared) await worker.peer.call('prepare', this.#order);
      await worker.peer.call('commit', undefined);
    } catch (error) {
      if (error instanceof ChannelEnd) return;
      const { message } = error as Error;
      this.#options.log.error(
        { worker: worker.id, detail: message },
        'a worker did not switch to the new configuration',
      );
      worker.kill();
    }
  }

  /** Sends a worker its order to serve, and then watches it. */
  async #start(worker: SupervisedWorker, slot: number, isReplacement: boolean): Promise<void> {
    const { log, records } = this.#options;
    const { peer, id, pid } = worker;
    let order = this.#order;
    const refusedPins = this.#refusedPins.records();
    await peer.call('start', { order, slot, isReplacement, refusedPins, blocks: this.#blocks });
    const readiness = await peer.call('status', undefined);
    // A configuration that was applied meanwhile reached only the other workers.
    while (order !== this.#order) {
      order = this.#order;
      await peer.call('prepare', order);
      await peer.call('commit', undefined);
    }
    this.#serving.note(worker, readiness);
    log.info({ worker: id, pid }, 'a worker serves');
    records.note('start', { worker: id, slot: `w${slot}`, pid });
    void this.#watch(worker);
  }

  /** Kills a worker that no longer answers. */
  async #watch(worker: SupervisedWorker): Promise<void> {
    const outcome = await watchWorker(worker, this.#durations, (readiness) => {
      this.#serving.note(worker, readiness);
    });
    if (outcome === 'hangs') killHung(worker, this.#durations.hungMs, this.#options.log);
  }

  /**
   * Keeps one worker running until a drain. A replacement starts even if its key managers cannot be opened, since other workers
   * serve.
   */
  #keep(slot: number, running?: SupervisedWorker): void {
    const kept = keepWorker(running, {
      ...this.#options,
      durations: this.#durations,
      fork: () => this.#fork(),
      start: (worker) => this.#start(worker, slot, true),
      isServed: () => this.#serving.all.length > 0,
      stop: this.#stop.signal,
    });
    this.#slots.push(kept.catch(this.#failed.reject));
  }
}
