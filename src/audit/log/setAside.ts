import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { logFolder } from '../format/logFolder.ts';

/** Why a log ends: its files contradict one another, or another key or origin takes over. */
export type AsideKind = 'sealed' | 'closed';

export interface FileDigest {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Description of a log in the first record of its successor. */
export interface AsideLog {
  /** Name of the folder, next to the log's original folder. */
  readonly folder: string;
  /** Digests of files, newest first. */
  readonly files: readonly FileDigest[];
  /** Files that were not read: earlier files, so that the start of a proxy does not wait for them, and unreadable ones. */
  readonly unread?: { readonly files: number; readonly bytes: number };
}

const MAX_READ_BYTES = 1024 * 1024 * 1024;
const MAX_READ_FILES = 100;
const KINDS: readonly AsideKind[] = ['closed', 'sealed'];

/** Moves the files of a log aside, unchanged except for the lock, and returns their folder. `path` is free afterwards. */
export function setAside(path: string, kind: AsideKind, now: Date): string {
  let time = now.getTime();
  // The clock may have been set back, so that the name is taken.
  while (existsSync(nameAside(path, kind, time))) time += 1;
  const folder = nameAside(path, kind, time);
  renameSync(path, folder);
  rmSync(logFolder(folder).lock, { force: true });
  return folder;
}

function nameAside(path: string, kind: AsideKind, time: number): string {
  return `${path}.${new Date(time).toISOString().replaceAll(/[-:.]/g, '')}.${kind}`;
}

/** Returns the log that was last moved aside from `path`. Undefined if there is none. */
export function newestAside(path: string): { readonly folder: string; readonly kind: AsideKind } | undefined {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
  const aside = names.sort().flatMap((name) => {
    const kind = KINDS.find((each) => name.endsWith(`.${each}`));
    return kind ? [{ folder: join(dirname(path), name), kind }] : [];
  });
  return aside.at(-1);
}

/** Describes the files of a log that was moved aside. */
export function describeAside(folder: string): AsideLog {
  const all = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, bytes: statSync(join(folder, name)).size }))
    // ranges and vkey, then the segments, newest first.
    .sort((one, other) => (one.name < other.name ? 1 : -1));
  let budget = MAX_READ_BYTES;
  const files = all.flatMap((file, index) => {
    if (file.bytes > budget || index >= MAX_READ_FILES) return [];
    budget -= file.bytes;
    const sha256 = digestOf(join(folder, file.name));
    return sha256 === undefined ? [] : [{ ...file, sha256 }];
  });
  const names = new Set(files.map(({ name }) => name));
  const unread = all.filter(({ name }) => !names.has(name));
  return {
    folder: basename(folder),
    files,
    ...(unread.length > 0 && {
      unread: { files: unread.length, bytes: unread.reduce((sum, { bytes }) => sum + bytes, 0) },
    }),
  };
}

/** Returns undefined if the file cannot be read. */
function digestOf(file: string): string | undefined {
  try {
    return sha256Of(file);
  } catch {
    return undefined;
  }
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
