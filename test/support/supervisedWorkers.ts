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

// Two orders of magnitude less than real ones, where a test waits for them to be over.
const DURATIONS: WorkerDurations = { ...WORKER_DURATIONS, statusMs: 10, restart: { firstMs: 1, longestMs: 4 } };

/** A supervisor whose worker processes run scriptedWorker.ts. All are killed when the test has finished. */
export class SupervisedWorkers {
  readonly supervisor: Supervisor;
  readonly log: LogLine[];
  readonly #folder: string;

  private constructor(supervisor: Supervisor, log: LogLine[], folder: string) {
    this.supervisor = supervisor;
    this.log = log;
    this.#folder = folder;
  }

  /** Resolves when so many workers serve. */
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
        onRefused: () => undefined,
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

  /** Process ids of all that have begun to serve, in their order. */
  get served(): number[] {
    return this.log.flatMap(({ message, pid = NaN }) => (message === 'a worker serves' ? [pid] : []));
  }

  async untilServed(times: number): Promise<void> {
    await expect.poll(() => this.served.length).toBe(times);
  }

  logged(message: string): LogLine[] {
    return this.log.filter((line) => line.message === message);
  }

  /** Has the workers that start from now on behave so, and those that drain. */
  script(script: Script): void {
    writeFileSync(join(this.#folder, script), '');
  }

  unscript(script: Script): void {
    rmSync(join(this.#folder, script));
  }

  /** The refused PINs that a worker was started with. */
  refusedPinsOf(pid: number | undefined): unknown {
    return JSON.parse(readFileSync(join(this.#folder, `refused PINs of ${pid}`), 'utf8'));
  }

  /** Opens a connection. Resolves to the process id that the worker answers with; throws ECONNRESET if it is reset. */
  async ask(): Promise<number> {
    const socket = connect(this.supervisor.address.port, '127.0.0.1');
    return Number(await text(socket));
  }
}

/** Sends a signal to a process, if it is there. */
export function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    process.kill(pid ?? NaN, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
