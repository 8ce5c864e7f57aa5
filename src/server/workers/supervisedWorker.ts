import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SupervisorCalls, WorkerCalls } from './workerCalls.ts';
import { answerCalls, RemoteCalls, type Channel } from '../../messaging/remoteCalls.ts';

/** How a worker process has ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface WorkerOutput {
  /** Lines that a library has written to its standard output. Its log is written by the worker itself. */
  log(lines: string): void;
  /** Whether little more should be logged. */
  isBehind(): boolean;
  /** Text of its standard error. */
  error(text: string): void;
  readonly checkpoint: SupervisorCalls['checkpoint'];
}

/** Where a worker finds the log: the standard output of its supervisor, beside what libraries print to its own. */
export const LOG_DESCRIPTOR = 4;

const LAST_WORDS_MS = 1_000;
const BEHIND_MS = 100;
// More than any record takes. A library may write to standard output too, and end no line.
const MAX_LINE_CHARACTERS = 1024 * 1024;

/** To a worker, with a connection; it answers with `taken`. */
export interface GivenMessage {
  readonly connection: number;
}

export interface TakenMessage {
  readonly taken: number;
}

/** A worker process, as its supervisor sees it. */
export class SupervisedWorker {
  readonly id: number;
  readonly pid: number | undefined;
  readonly calls: RemoteCalls<WorkerCalls>;
  readonly ended: Promise<WorkerEnd>;
  readonly #child: Worker['process'];
  /** By the number of the connection: what is told whether it was taken. */
  readonly #giving = new Map<number, (taken: boolean) => void>();
  #given = 0;
  #isKilled = false;

  /** Starts the process. Throws what the system says when it can make none: EAGAIN, EMFILE, ENOMEM. */
  static async fork(output: WorkerOutput): Promise<SupervisedWorker> {
    // The main program again, as it was started. The fifth is LOG_DESCRIPTOR.
    cluster.setupPrimary({ stdio: ['pipe', 'pipe', 'pipe', 'ipc', 1], serialization: 'advanced' });
    const worker = cluster.fork();
    if (worker.process.pid === undefined) throw (await once(worker, 'error'))[0];
    return new SupervisedWorker(worker, output);
  }

  private constructor(worker: Worker, output: WorkerOutput) {
    const { process: child } = worker;
    this.#child = child;
    this.id = worker.id;
    this.pid = child.pid;
    const channel: Channel = {
      send: (message) => {
        // Ignores that the worker has ended: that is reported below.
        worker.send(message as object, () => undefined);
      },
      onMessage: (listener) => worker.on('message', listener),
    };
    this.calls = new RemoteCalls<WorkerCalls>(channel);
    answerCalls<SupervisorCalls>(channel, { checkpoint: output.checkpoint });
    child.on('message', (message) => {
      const { taken } = message as Partial<TakenMessage>;
      if (taken !== undefined) this.#conclude(taken, true);
    });
    const { stdout, stderr } = child;
    const lines = splitLines((text) => {
      output.log(text);
    });
    stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      lines(chunk);
      if (output.isBehind()) pauseFor(stdout, BEHIND_MS);
    });
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.error(text);
    });
    // What it has written last comes after its end; but a process that it has left behind may keep its output open for ever.
    const closed = once(child, 'close');
    this.ended = once(child, 'exit').then(async ([exitCode, signal]) => {
      this.calls.end(`worker ${this.id} has ended`);
      for (const connection of this.#giving.keys()) this.#conclude(connection, false);
      await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
      return { exitCode: exitCode as number | null, signal: signal as string | null };
    });
  }

  /** Connections that it was given and has not taken yet. */
  get giving(): number {
    return this.#giving.size;
  }

  /** Gives it a connection that nothing was read of. Resolves to false if it does not take it: it has ended, or has no descriptor free. */
  give(connection: Socket): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#given += 1;
    const number = this.#given;
    this.#giving.set(number, resolve);
    // `keepOpen`: so that it can be given to another.
    this.#child.send({ connection: number } satisfies GivenMessage, connection, { keepOpen: true }, (error) => {
      if (error) this.#conclude(number, false);
    });
    // Messages keep their order: what it has not taken by the answer to the next one has not reached it.
    const answered = (): void => {
      this.#conclude(number, false);
    };
    this.calls.call('status', undefined).then(answered, answered);
    return promise;
  }

  #conclude(connection: number, taken: boolean): void {
    this.#giving.get(connection)?.(taken);
    this.#giving.delete(connection);
  }

  /** Whether it was ended here. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }
}

function pauseFor(stream: Readable, milliseconds: number): void {
  stream.pause();
  setTimeout(() => stream.resume(), milliseconds);
}

/** Passes on whole lines only; the beginning of one that never ends is dropped with its writer. */
function splitLines(write: (lines: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const end = chunk.lastIndexOf('\n') + 1;
    if (end === 0) {
      rest = rest.length > MAX_LINE_CHARACTERS ? '' : rest + chunk;
      return;
    }
    write(rest + chunk.slice(0, end));
    rest = chunk.slice(end);
  };
}
