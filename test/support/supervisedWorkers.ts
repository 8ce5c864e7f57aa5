import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { Supervisor } from '../../src/server/workers/supervisor.ts';
import { WORKER_DURATIONS, type WorkerDurations } from '../../src/server/workers/workerDurations.ts';
import type { SCRIPTS } from './scriptedWorker.ts';
import { temporaryFolder } from './temporaryFolder.ts';

type Script = (typeof SCRIPTS)[number];

interface LogLine {
  readonly message: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly detail?: string;
}

const ORDER = { file: '', snapshot: {}, policySets: [], ticketKeys: Buffer.alloc(48), logLevel: 'info' } as const;

/** The message about a connection that no worker has taken. */
export const REFUSED = 'a connection is refused';

// Two orders of magnitude shorter than real durations, where a test waits for them to pass.
const DURATIONS: WorkerDurations = { ...WORKER_DURATIONS, statusMs: 10, restart: { firstMs: 1, longestMs: 4 } };

/** A supervisor whose worker processes run scriptedWorker.ts. They are killed when the test has finished. */
export class SupervisedWorkers {
  readonly supervisor: Supervisor;
  readonly log: LogLine[];
  readonly #folder: string;

  private constructor(supervisor: Supervisor, log: LogLine[], folder: string) {
    this.supervisor = supervisor;
    this.log = log;
    this.#folder = folder;
  }

  /** Resolves when this number of workers serves. */
  static async start(processes: number, durations: Partial<WorkerDurations> = {}): Promise<SupervisedWorkers> {
    const folder = temporaryFolder();
    const log: LogLine[] = [];
    const note = (fields: object, message: string) => {
      log.push({ ...fields, message });
    };
    const supervisor = await Supervisor.start(
      { ...ORDER, processes },
      {
        host: '127.0.0.1',
        port: 0,
        onRefused: ({ reason }) => {
          note({ detail: reason }, REFUSED);
        },
        output: { log: note.bind(undefined, {}), isBehind: () => false, error: note.bind(undefined, {}) },
        log: { info: note, error: note },
        records: { note: () => undefined, problem: undefined, stop: () => Promise.resolve([]) },
        durations: { ...DURATIONS, ...durations },
        clock: () => performance.now(),
        retainCounts: (snapshots) => Promise.resolve(snapshots.flat()),
        onRestart: () => undefined,
        program: { exec: join(import.meta.dirname, 'scriptedWorker.ts'), args: [folder] },
      },
    );
    const workers = new SupervisedWorkers(supervisor, log, folder);
    onTestFinished(async () => {
      for (const { pid = NaN } of log.filter(({ message }) => message === 'a worker serves')) kill(pid, 'SIGCONT');
      await supervisor.drain({ drainMs: 0, lameDuckMs: 0 });
    });
    await workers.untilServed(processes);
    return workers;
  }

  /** Process ids of all workers that have begun to serve, in order. */
  get served(): number[] {
    return this.log.flatMap(({ message, pid = NaN }) => (message === 'a worker serves' ? [pid] : []));
  }

  async untilServed(times: number): Promise<void> {
    await expect.poll(() => this.served.length).toBe(times);
  }

  logged(message: string): LogLine[] {
    return this.log.filter((line) => line.message === message);
  }

  /** Makes workers follow this script when they start from now on, or when they drain. */
  script(script: Script): void {
    writeFileSync(join(this.#folder, script), '');
  }

  unscript(script: Script): void {
    rmSync(join(this.#folder, script));
  }

  /** The refused PINs that a worker received at its start. */
  refusedPinsOf(pid: number | undefined): unknown {
    return JSON.parse(readFileSync(join(this.#folder, `refused PINs of ${pid}`), 'utf8'));
  }

  /**
   * Opens a connection. Resolves to the process id that the worker sends. Throws ECONNRESET if the connection is reset.
   */
  async ask(): Promise<number> {
    const socket = connect(this.supervisor.address.port, '127.0.0.1');
    return Number(await text(socket));
  }
}

/** Sends a signal to a process, if it exists. */
export function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    process.kill(pid ?? NaN, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
