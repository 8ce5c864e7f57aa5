import cluster, { type Worker } from 'node:cluster';
import type { WorkerCalls } from './workerCalls.ts';
import { RemoteCalls } from './remoteCalls.ts';

/** How a worker process has ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface WorkerOutput {
  /** Whole lines of its log. */
  log(lines: string): void;
  /** Of its standard error. */
  error(text: string): void;
}

/** A worker process, as its supervisor sees it. */
export class SupervisedWorker {
  readonly id: number;
  readonly pid: number | undefined;
  readonly calls: RemoteCalls<WorkerCalls>;
  readonly ended: Promise<WorkerEnd>;
  readonly #child: Worker['process'];

  /** Starts the process. It shares the ports that it listens on with the other workers. */
  constructor(output: WorkerOutput) {
    // The main program again, as it was started; its output is ours to pass on, since lines of several writers would mix.
    cluster.setupPrimary({ silent: true, serialization: 'advanced' });
    const worker = cluster.fork();
    const { process: child } = worker;
    this.#child = child;
    this.id = worker.id;
    this.pid = child.pid;
    this.calls = new RemoteCalls<WorkerCalls>({
      send: (message) => {
        // Of a worker that has ended: its end is told below.
        worker.send(message as object, () => undefined);
      },
      onMessage: (listener) => worker.on('message', listener),
    });
    const { stdout, stderr } = child;
    const lines = splitLines((text) => {
      output.log(text);
    });
    stdout?.setEncoding('utf8').on('data', lines);
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.error(text);
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (exitCode, signal) => {
        this.calls.end(`worker ${this.id} has ended`);
        resolve({ exitCode, signal });
      });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Passes on whole lines only; the beginning of one that never ends is dropped with its writer. */
function splitLines(write: (lines: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const end = chunk.lastIndexOf('\n') + 1;
    if (end === 0) {
      rest += chunk;
      return;
    }
    write(rest + chunk.slice(0, end));
    rest = chunk.slice(end);
  };
}
