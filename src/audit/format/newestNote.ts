import type { Segment } from './logFolder.ts';
import { readTail } from './readTail.ts';

// A note has two names, a root and a signature, less than 1 KiB in all.
const TAIL_BYTES = 16 * 1024;
const SIGNATURE = '\u2014 ';

/** Returns the newest checkpoint of a log, whose segments are given oldest first. Undefined if it has none. */
export function newestCheckpoint(segments: readonly Segment[]): string | undefined {
  return segments.reduceRight<string | undefined>(
    (found, { checkpoints }) => found ?? newestNote(checkpoints),
    undefined,
  );
}

/** Returns the last whole note of a file of checkpoints. Undefined if it has none, or does not exist. */
export function newestNote(file: string): string | undefined {
  // Each note is: text, empty line, signature, empty line. Text after the last empty line is torn.
  const parts = tailOf(file).split('\n\n').slice(0, -1);
  const signature = parts.findLastIndex((part) => part.startsWith(SIGNATURE));
  const text = parts[signature - 1];
  return text === undefined || text.startsWith(SIGNATURE) ? undefined : `${text}\n\n${parts[signature] ?? ''}\n`;
}

function tailOf(file: string): string {
  try {
    return Buffer.from(readTail(file, TAIL_BYTES).text, 'latin1').toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
