import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/** End of the name of a file that is to replace another. */
export const SUCCESSOR = '.new';

/**
 * Replaces the text of a file: readers see the old one or the new one, after a crash too. Its owner and mode stay. A file that was
 * not there is made for its owner alone.
 */
export function replaceFile(file: string, text: string): void {
  const old = statSync(file, { throwIfNoEntry: false });
  const successor = `${file}${SUCCESSOR}`;
  rmSync(successor, { force: true });
  const mode = old?.mode ?? 0o600;
  const descriptor = openSync(successor, 'wx', mode);
  try {
    // The umask has taken away permissions that the old file may have.
    fchmodSync(descriptor, mode & 0o777);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // An administrator may do this, but the proxy must be able to read it.
  if (old) chownSync(successor, old.uid, old.gid);
  renameSync(successor, file);
}
