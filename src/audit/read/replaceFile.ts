import { chownSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** End of the name of a file that is to replace another. */
export const SUCCESSOR = '.new';

/** Replaces the text of a file that is there: readers see the old one or the new one, after a crash too. Its owner stays. */
export function replaceFile(file: string, text: string): void {
  const { uid, gid, mode } = statSync(file);
  const successor = `${file}${SUCCESSOR}`;
  rmSync(successor, { force: true });
  const descriptor = openSync(successor, 'wx', mode);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // An administrator may do this, but the proxy must be able to read it.
  chownSync(successor, uid, gid);
  renameSync(successor, file);
}
