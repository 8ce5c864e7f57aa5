import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Where the supervisor writes the output of its workers. */
export interface WorkerOutput {
  /** Writes lines that a library has printed to a worker's standard output. A worker writes its own log directly. */
  log(lines: string): void;
  /** Whether the log lags, so that little more should be written to it. */
  isBehind(): boolean;
  /** Writes text from a worker's standard error. */
  error(text: string): void;
}

/**
 * The descriptor through which a worker writes its log: the standard output of its supervisor. Libraries print to the worker's
 * own standard output.
 */
export const LOG_DESCRIPTOR = 4;

// More than any record takes. A library may print to standard output too, and may never end a line.
const MAX_LINE_CHARACTERS = 1024 * 1024;

/** Relays a worker's output. While the log lags, the output is read once every `behindMs` milliseconds. */
export function relayOutput({ stdout, stderr }: ChildProcess, output: WorkerOutput, behindMs: number): void {
  const lines = splitLines((text) => {
    output.log(text);
  });
  stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    lines(chunk);
    if (output.isBehind()) pauseFor(stdout, behindMs);
  });
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.error(text);
  });
}

function pauseFor(stream: Readable, milliseconds: number): void {
  stream.pause();
  setTimeout(() => stream.resume(), milliseconds);
}

/** Passes on whole lines only. Drops the beginning of a line that is too long, or that its writer does not finish. */
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
