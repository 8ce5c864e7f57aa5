import type { ChildProcess } from 'node:child_process';
import cluster, { type ClusterSettings } from 'node:cluster';
import { once } from 'node:events';
import { env, execArgv } from 'node:process';
import { Peer } from '../../messaging/peer.ts';
import { processChannel } from '../../messaging/processChannel.ts';
import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '../../processFlags.ts';
import { withTimeLimit } from '../../timing/timeLimit.ts';
import { ConnectionGiver } from './connectionHandOver.ts';
import { relayOutput, type WorkerOutput } from './relayOutput.ts';
import type { SupervisorCalls, WorkerCalls } from './workerCalls.ts';
import type { WorkerDurations } from './workerDurations.ts';

/** How a worker process ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface WorkerOptions {
  readonly output: WorkerOutput;
  readonly durations: WorkerDurations;
  /** The program that runs in it. If left out, the main program, as it was started. */
  readonly program?: Pick<ClusterSettings, 'exec' | 'args'> | undefined;
}

/** A worker process, as its supervisor sees it. */
export class SupervisedWorker {
  readonly id: number;
  readonly pid: number | undefined;
  readonly peer: Peer<WorkerCalls>;
  readonly connections: ConnectionGiver;
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  #isKilled = false;

  /** Starts the process. Throws the system's error if it cannot create one: EAGAIN, EMFILE, ENOMEM. */
  static async fork(options: WorkerOptions, offer: SupervisorCalls): Promise<SupervisedWorker> {
    // The fifth descriptor is LOG_DESCRIPTOR.
    const stdio: ClusterSettings['stdio'] = ['pipe', 'pipe', 'pipe', 'ipc', 1];
    // Flags that the supervisor was started with override the defaults: Node.js takes the last of two equal flags.
    const flags = [...NODE_FLAGS, ...execArgv];
    cluster.setupPrimary({ stdio, serialization: 'advanced', execArgv: flags, ...options.program });
    const worker = cluster.fork({ ...PROCESS_ENVIRONMENT, ...env });
    if (worker.process.pid === undefined) throw (await once(worker, 'error'))[0];
    return new SupervisedWorker(worker.id, worker.process, options, offer);
  }

  private constructor(id: number, child: ChildProcess, { output, durations }: WorkerOptions, offer: SupervisorCalls) {
    this.id = id;
    this.pid = child.pid;
    this.#child = child;
    this.peer = new Peer<WorkerCalls>(processChannel(child), { name: `worker ${id}`, offer });
    this.connections = new ConnectionGiver(this.peer, durations.confirmMs);
    relayOutput(child, output, durations.behindMs);
    // The last output of a worker arrives after its exit. But a process that the worker has left behind may keep that output open
    // forever.
    const closed = once(child, 'close');
    this.ended = once(child, 'exit').then(async ([exitCode, signal]) => {
      this.peer.end();
      await withTimeLimit(closed, durations.lastWordsMs, () => undefined, { keepsProcess: false });
      return { exitCode: exitCode as number | null, signal: signal as string | null };
    });
  }

  /** Whether this supervisor killed it. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }
}
