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
  /** Place of its first byte in the file. */
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
 * Reads the lines of a segment as they are at this moment, in flat memory, and returns how it ended. Of a line that is longer
 * than a chunk, only the first chunk is given: the reader refuses it, because it is longer than MAX_LINE_BYTES.
 */
export function* readLines(file: string): Generator<RecordLine, LinesEnd> {
  const descriptor = openSync(file, 'r');
  try {
    // One byte before each line, for the 0x00 of its leaf hash: the LF of the line before it, or this first byte.
    const buffer = Buffer.alloc(1 + CHUNK_BYTES);
    let filled = 1;
    let offset = 0;
    for (;;) {
      let start = 1;
      for (let end = buffer.indexOf(LF, start); end !== -1 && end < filled; end = buffer.indexOf(LF, start)) {
        yield lineOf(buffer, start, end, offset);
        offset += end + 1 - start;
        start = end + 1;
      }
      if (start === 1 && filled === buffer.length) {
        const skipped = skipLine(descriptor);
        if (!skipped.ended) return { bytes: offset, torn: CHUNK_BYTES + skipped.bytes };
        yield lineOf(buffer, start, filled, offset);
        offset += CHUNK_BYTES + skipped.bytes;
        filled = 1 + skipped.rest.copy(buffer, 1);
        continue;
      }
      buffer.copy(buffer, 1, start, filled);
      filled -= start - 1;
      const read = readSync(descriptor, buffer, filled, buffer.length - filled, null);
      if (read === 0) return { bytes: offset, torn: filled - 1 };
      filled += read;
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

/** Reads on behind the next LF. `bytes` are those of the line, with its LF; `rest` was read of the lines behind it. */
function skipLine(descriptor: number): { readonly bytes: number; readonly ended: boolean; readonly rest: Buffer } {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let bytes = 0;
  for (;;) {
    const read = readSync(descriptor, buffer);
    const end = buffer.subarray(0, read).indexOf(LF);
    if (end !== -1) return { bytes: bytes + end + 1, ended: true, rest: buffer.subarray(end + 1, read) };
    if (read === 0) return { bytes, ended: false, rest: buffer };
    bytes += read;
  }
}
