import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

// A note has two names, a root and a signature: less than 1 KiB.
const TAIL_BYTES = 16 * 1024;
const SIGNATURE = '\u2014 ';

/** The last whole note of a file of checkpoints; undefined if it has none, or does not exist. */
export function newestNote(file: string): string | undefined {
  // Behind what stands before the notes, each is: text, empty line, signature, empty line.
  const parts = readTail(file).split('\n\n');
  parts.pop();
  const signature = parts.findLastIndex((part) => part.startsWith(SIGNATURE));
  const text = parts[signature - 1];
  return text === undefined || text.startsWith(SIGNATURE) ? undefined : `${text}\n\n${parts[signature] ?? ''}\n`;
}

function readTail(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(descriptor);
  }
}
