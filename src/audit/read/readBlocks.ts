import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK_BYTES = 128 * 1024;
const LF = 0x0a;

/** Whole lines of a file, each with its LF. Its bytes are in a buffer that is reused. */
export interface Block {
  readonly bytes: Buffer;
  /** Offset of its first byte in the file. */
  readonly offset: number;
}

/**
 * Reads the whole lines among the first `bytes` of a file, as many at a time as fit into one block. Returns how many bytes follow
 * the last LF. A line longer than a block comes in parts, of which only the last has the LF.
 */
export function* readBlocks(file: string, bytes: number): Generator<Block, number> {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
    let offset = 0;
    let filled = 0;
    for (;;) {
      const room = Math.min(buffer.length - filled, bytes - offset - filled);
      const read = room === 0 ? 0 : readSync(descriptor, buffer, filled, room, null);
      if (read === 0) return filled;
      filled += read;
      const lines = buffer.lastIndexOf(LF, filled - 1) + 1;
      const end = lines === 0 && filled === buffer.length ? filled : lines;
      if (end === 0) continue;
      yield { bytes: buffer.subarray(0, end), offset };
      buffer.copyWithin(0, end, filled);
      offset += end;
      filled -= end;
    }
  } finally {
    closeSync(descriptor);
  }
}
