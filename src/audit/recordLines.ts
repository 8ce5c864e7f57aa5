import { closeSync, openSync, readSync } from 'node:fs';
import { sha256 } from './sha256.ts';

/** At most, with its LF: an entry of a tile has a length of 16 bits (C2SP, tlog-tiles). */
export const MAX_LINE_BYTES = 65_535;

const CHUNK_BYTES = 1024 * 1024;
const LF = 0x0a;

/** A line of a segment that ends in LF. Its bytes are those of a buffer that is used again: copy what is kept. */
export interface RecordLine {
  /** Without LF. */
  readonly bytes: Buffer;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** RFC 6962, section 2.1. */
  readonly leafHash: () => Buffer;
}

export interface LinesEnd {
  /** Bytes of all whole lines. */
  readonly bytes: number;
  /** Bytes behind the last LF. */
  readonly torn: number;
}

/**
 * Reads the lines of a segment as they are at this moment, in flat memory, and returns how it ended. A line may be of any
 * length: one that is longer than MAX_LINE_BYTES is given whole as far as it fits, for whoever reads to refuse.
 */
export function* readLines(file: string): Generator<RecordLine, LinesEnd> {
  const descriptor = openSync(file, 'r');
  try {
    // One byte before each line, for the 0x00 of its leaf hash: the LF of the line before it, or this first byte.
    let buffer = Buffer.alloc(1 + CHUNK_BYTES);
    let filled = 1;
    let offset = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, filled, buffer.length - filled, null);
      if (read === 0) return { bytes: offset, torn: filled - 1 };
      filled += read;
      let start = 1;
      for (let end = buffer.indexOf(LF, start); end !== -1 && end < filled; end = buffer.indexOf(LF, start)) {
        yield lineOf(buffer, start, end, offset);
        offset += end + 1 - start;
        start = end + 1;
      }
      const rest = filled - start;
      if (start === 1 && filled === buffer.length) {
        // A line longer than the buffer.
        buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)]);
      } else {
        buffer.copy(buffer, 1, start, filled);
        filled = 1 + rest;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

function lineOf(buffer: Buffer, start: number, end: number, offset: number): RecordLine {
  return {
    bytes: buffer.subarray(start, end),
    offset,
    leafHash: () => {
      buffer[start - 1] = 0;
      return sha256(buffer.subarray(start - 1, end));
    },
  };
}
