import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Where the supervisor writes what comes from its workers. */
export interface WorkerOutput {
  /** Lines that a library has written to a worker's standard output. A worker writes its log itself. */
  log(lines: string): void;
  /** Whether little more should be logged. */
  isBehind(): boolean;
  /** Text of a worker's standard error. */
  error(text: string): void;
}

/** Where a worker finds the log: the standard output of its supervisor, beside what libraries print to its own. */
export const LOG_DESCRIPTOR = 4;

// More than any record takes. A library may write to standard output too, and end no line.
const MAX_LINE_CHARACTERS = 1024 * 1024;

/** Relays what a worker writes. While the log is behind, it is read once in `behindMs` milliseconds. */
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

/** Passes on whole lines only. Drops the beginning of a line that does not end before its writer does, or is too long. */
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
