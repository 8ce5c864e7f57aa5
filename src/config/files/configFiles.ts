import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { isOnReadOnlyMount } from './readOnlyMount.ts';

/** A file that is part of a configuration. */
export interface ConfigFile {
  /** Text of the file, with U+FFFD for each byte that is not UTF-8. */
  readonly text: string;
  /** Reason why the file is not text in UTF-8, such as "is UTF-16 or not text; save it as UTF-8". */
  readonly fault?: string;
  /** Permission bits. */
  readonly mode: number;
  /**
   * Whether everyone may read the file and its mode cannot be changed here, for example on a read-only mount, or for a
   * container's secret.
   */
  readonly isFixed?: boolean;
}

/**
 * All files of a configuration by their absolute paths, as read at one moment, so that it parses the same everywhere. Null means
 * that a file could not be read.
 */
export type ConfigSnapshot = Readonly<Record<string, ConfigFile | null>>;

/** Reads a file; throws an ErrnoException. */
export type ReadConfigFile = (path: string) => ConfigFile;

export const readFromDisk: ReadConfigFile = (path) => {
  const stats = statSync(path);
  // Reading a pipe a second time would block forever.
  if (!stats.isFile()) throw Object.assign(new Error(`${path} is not a regular file`), { code: 'not a regular file' });
  const bytes = readFileSync(path);
  const fault = faultOf(bytes);
  const mode = stats.mode & 0o777;
  const isFixed = (mode & 0o004) !== 0 && isFixedPlace(path, mode);
  return { text: bytes.toString(), mode, ...(fault !== undefined && { fault }), ...(isFixed && { isFixed }) };
};

// Docker and Podman mount secrets there, by default with mode 0444, and some of these mounts are writable.
function isFixedPlace(path: string, mode: number): boolean {
  return (path.startsWith('/run/secrets/') && (mode & 0o002) === 0) || isOnReadOnlyMount(path);
}

function faultOf(bytes: Buffer): string | undefined {
  const hasUtf16Mark = ['feff', 'fffe'].includes(bytes.toString('hex', 0, 2));
  // In UTF-16, each ASCII character has a NUL byte.
  if (hasUtf16Mark || bytes.subarray(0, 2).includes(0)) return 'is UTF-16 or not text; save it as UTF-8';
  const lineOf = (offset: number) => bytes.toString('latin1', 0, offset).split('\n').length;
  if (bytes.includes(0)) return `has a NUL byte in line ${lineOf(bytes.indexOf(0))}; it must be text in UTF-8`;
  if (isUtf8(bytes)) return undefined;
  const lines = bytes.toString('latin1').split('\n');
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, 'latin1')));
  return `is not UTF-8 in line ${line + 1}; save it as UTF-8`;
}

/** Reads only the files of a snapshot. */
export function readFrom(snapshot: ConfigSnapshot): ReadConfigFile {
  return (path) => {
    const file = snapshot[path];
    if (file) return file;
    throw Object.assign(new Error(`the snapshot does not hold ${path}`), { code: 'ENOENT' });
  };
}

/** Reads with `read`, each file once, and keeps its contents, or the fact that it could not be read. */
export function recordFiles(read: ReadConfigFile): {
  readonly read: ReadConfigFile;
  readonly snapshot: () => ConfigSnapshot;
} {
  const files = new Map<string, ConfigFile | null>();
  return {
    read: (path) => {
      const known = files.get(path);
      if (known) return known;
      files.set(path, null);
      const file = read(path);
      files.set(path, file);
      return file;
    },
    snapshot: () => Object.fromEntries(files),
  };
}

/** Reads the files of a snapshot again. */
export function readAgain(snapshot: ConfigSnapshot, read: ReadConfigFile): ConfigSnapshot {
  return Object.fromEntries(
    Object.keys(snapshot).map((path) => {
      try {
        return [path, read(path)];
      } catch {
        return [path, null];
      }
    }),
  );
}
