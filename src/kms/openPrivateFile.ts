import { closeSync, constants, fchmodSync, fstatSync, openSync } from 'node:fs';

const { O_RDWR, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;

/** Error for a path that is not a regular file, such as a device or a pipe. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile';

  constructor() {
    super('it is not a file');
  }
}

/**
 * Opens or creates a file for reading and appending, and removes the access of everyone except its owner. Returns the descriptor. Throws
 * NotAFile, or the error of the system or of `check`. After an error, the permissions at the path stay unchanged, which matters for
 * /dev/null.
 */
export function openPrivateFile(file: string, check?: (descriptor: number) => void): number {
  const descriptor = open(file);
  try {
    if (!fstatSync(descriptor).isFile()) throw new NotAFile();
    check?.(descriptor);
    fchmodSync(descriptor, 0o600);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function open(file: string): number {
  try {
    return openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0o600);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EISDIR' ? new NotAFile() : error;
  }
}
