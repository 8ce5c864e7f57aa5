import {
  closeSync,
  fchmodSync,
  fchownSync,
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
 * Replaces the content of a file. Readers see the old or the new content, also after a crash. Owner and mode of the file stay. If the
 * file does not exist, creates it so that only its owner can read it.
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
    // An administrator may do this, but the proxy must be able to read it. By descriptor: the name may be another file's by now.
    if (old) fchownSync(descriptor, old.uid, old.gid);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(successor, file);
}
