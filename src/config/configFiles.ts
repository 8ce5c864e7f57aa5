import { readFileSync, statSync } from 'node:fs';

/** A file that a configuration is made of. */
export interface ConfigFile {
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * Every file of a configuration by its absolute path, as read at one moment: the same configuration wherever it is parsed.
 * Null: it could not be read.
 */
export type ConfigSnapshot = Readonly<Record<string, ConfigFile | null>>;

/** Reads a file; throws an ErrnoException. */
export type ReadConfigFile = (path: string) => ConfigFile;

export const readFromDisk: ReadConfigFile = (path) => {
  const stats = statSync(path);
  // To read a pipe again would block for ever.
  if (!stats.isFile()) throw Object.assign(new Error(`${path} is not a regular file`), { code: 'not a regular file' });
  return { text: readFileSync(path, 'utf8'), mode: stats.mode & 0o777 };
};

/** Reads what a snapshot holds, and nothing else. */
export function readFrom(snapshot: ConfigSnapshot): ReadConfigFile {
  return (path) => {
    const file = snapshot[path];
    if (file) return file;
    throw Object.assign(new Error(`the snapshot does not hold ${path}`), { code: 'ENOENT' });
  };
}

/** Reads with `read`, each file once, and keeps what was read, or that it could not be. */
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

/** The same files as they are now. */
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
