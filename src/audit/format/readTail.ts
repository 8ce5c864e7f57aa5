import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The end of a file. */
export interface FileTail {
  /** Size of the whole file. */
  readonly size: number;
  /** One character per byte, so that its length is right whatever bytes a crash has left. */
  readonly text: string;
}

/** Reads the last bytes of a file, at most `maxBytes`. Throws the file system's error. */
export function readTail(file: string, maxBytes: number): FileTail {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return { size, text: buffer.toString('latin1', 0, read) };
  } finally {
    closeSync(descriptor);
  }
}
