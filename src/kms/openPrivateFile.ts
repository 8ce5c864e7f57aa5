import { closeSync, constants, fchmodSync, fstatSync, openSync } from 'node:fs';

const { O_RDWR, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;

/** A path that leads to something else than a file, such as a device or a pipe. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile';

  constructor() {
    super('it is not a file');
  }
}

/**
 * Opens a file for reading and appending, or makes it, and takes it from everybody but its owner. Returns the descriptor. Throws
 * NotAFile, or what the system or `check` says; then the permissions of what is there, such as /dev/null, stay as they are.
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
