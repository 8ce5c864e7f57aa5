import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { logFolder } from './logFolder.ts';

/** Why a log ends: its files contradict one another, or another key or origin is to sign. */
export type AsideKind = 'sealed' | 'closed';

export interface FileDigest {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a log's successor says of it in its first record. */
export interface AsideLog {
  /** Beside the log's own folder. */
  readonly folder: string;
  /** The newest first. */
  readonly files: readonly FileDigest[];
  /** Earlier files, whose contents `ranges` fixes: they are not read, so that the start of a proxy does not wait for them. */
  readonly unread?: { readonly files: number; readonly bytes: number };
}

const MAX_READ_BYTES = 1024 * 1024 * 1024;
const MAX_READ_FILES = 100;

/** Moves the files of a log aside, unchanged but for the lock. `path` is free afterwards. */
export function setAside(path: string, kind: AsideKind, now: Date): AsideLog {
  const time = now.toISOString().replaceAll(/[-:.]/g, '');
  const folder = `${path}.${time}.${kind}`;
  renameSync(path, folder);
  rmSync(logFolder(folder).lock, { force: true });
  const all = readdirSync(folder)
    .map((name) => ({ name, bytes: statSync(join(folder, name)).size }))
    // ranges and vkey, then the segments, the newest first.
    .sort((one, other) => (one.name < other.name ? 1 : -1));
  let budget = MAX_READ_BYTES;
  const isRead = ({ bytes }: { readonly bytes: number }, index: number): boolean => {
    budget -= bytes;
    return budget >= 0 && index < MAX_READ_FILES;
  };
  const read = all.filter(isRead);
  const unread = all.filter((file) => !read.includes(file));
  return {
    folder: basename(folder),
    files: read.map((file) => ({ ...file, sha256: sha256Of(join(folder, file.name)) })),
    ...(unread.length > 0 && {
      unread: { files: unread.length, bytes: unread.reduce((sum, { bytes }) => sum + bytes, 0) },
    }),
  };
}

/** SHA-256 of a file, hexadecimal. */
export function sha256Of(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const digest = createHash('sha256');
    const buffer = Buffer.alloc(1024 * 1024);
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) {
      digest.update(buffer.subarray(0, read));
    }
    return digest.digest('hex');
  } finally {
    closeSync(descriptor);
  }
}
