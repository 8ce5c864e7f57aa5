import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The end of a file. */
export interface FileTail {
  /** Size of the whole file. */
  readonly size: number;
  /** One character per byte, so that its length is right whatever bytes a crash has left. */
  readonly text: string;
}

/** Reads the last bytes of a regular file, at most `maxBytes`. Throws the file system's error, or an Error for another kind of file. */
export function readTail(file: string, maxBytes: number): FileTail {
  // Otherwise opening a FIFO would wait until someone writes to it.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error(`${file} is not a regular file`);
    const { size } = stats;
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return { size, text: buffer.toString('latin1', 0, read) };
  } finally {
    closeSync(descriptor);
  }
}
