import { closeSync, openSync, readSync } from 'node:fs';
import { sha256 } from './sha256.ts';

/** Largest size of a line with its LF: the length of an entry of a tile has 16 bits (C2SP, tlog-tiles). */
export const MAX_LINE_BYTES = 65_535;

const CHUNK_BYTES = 1024 * 1024;
const LF = 0x0a;

/** A line of a segment that ends in LF. Its bytes are in a buffer that is reused, so they must be copied to be kept. */
export interface RecordLine {
  /** The line without its LF. */
  readonly bytes: Buffer;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  /** The leaf hash of RFC 6962, section 2.1. */
  readonly leafHash: () => Buffer;
}

export interface LinesEnd {
  /** Bytes of all whole lines. */
  readonly bytes: number;
  /** Bytes after the last LF. */
  readonly torn: number;
}

/**
 * Reads the lines that a segment has at this moment, in constant memory, and returns how it ended. Of a line longer than a chunk,
 * only the first chunk is returned. The reader refuses it because it exceeds MAX_LINE_BYTES.
 */
export function* readLines(file: string): Generator<RecordLine, LinesEnd> {
  const descriptor = openSync(file, 'r');
  try {
    // One byte precedes each line, for the 0x00 of its leaf hash: the LF of the previous line, or the first byte of the buffer.
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

/**
 * Skips to the position after the next LF. `bytes` is the size of the line, with its LF. `rest` has the bytes that were read of
 * later lines.
 */
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
