import { readFileSync, statSync } from 'node:fs';

/** A file that a configuration is made of. */
export interface ConfigFile {
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Every file of a configuration by its absolute path, as read at one moment: the same configuration wherever it is parsed. */
export type ConfigSnapshot = Readonly<Record<string, ConfigFile>>;

/** Reads a file; throws an ErrnoException. */
export type ReadConfigFile = (path: string) => ConfigFile;

export const readFromDisk: ReadConfigFile = (path) => ({
  text: readFileSync(path, 'utf8'),
  mode: statSync(path).mode & 0o777,
});

/** Reads what a snapshot holds, and nothing else. */
export function readFrom(snapshot: ConfigSnapshot): ReadConfigFile {
  return (path) => {
    const file = snapshot[path];
    if (file) return file;
    throw Object.assign(new Error(`the snapshot does not hold ${path}`), { code: 'ENOENT' });
  };
}

/** Reads with `read`, each file once, and keeps what was read. */
export function recordFiles(read: ReadConfigFile): {
  readonly read: ReadConfigFile;
  readonly snapshot: () => ConfigSnapshot;
} {
  const files = new Map<string, ConfigFile>();
  return {
    read: (path) => {
      const file = files.get(path) ?? read(path);
      files.set(path, file);
      return file;
    },
    snapshot: () => Object.fromEntries(files),
  };
}

/** The same files as they are now; those that cannot be read are left out. */
export function readAgain(snapshot: ConfigSnapshot, read: ReadConfigFile): ConfigSnapshot {
  return Object.fromEntries(
    Object.keys(snapshot).flatMap((path) => {
      try {
        return [[path, read(path)]];
      } catch {
        return [];
      }
    }),
  );
}
