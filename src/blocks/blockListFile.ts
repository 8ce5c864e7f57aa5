import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { takeLock, whenFree } from '../fileLock.ts';
import { BlockList, BlockListProblem } from './blockList.ts';

/** Attributes of a file. At least one changes when the file is replaced or its contents change. */
export interface FileVersion {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  /** Time of the last change of the inode. Unlike the time of modification, no program can set it back. */
  readonly ctimeNs: bigint;
}

/** Block list with the version of the file that it was read from. */
export interface BlockListVersion {
  readonly version: FileVersion;
  readonly list: BlockList;
}

// Enough for a list of ten thousand keys.
const MAX_BYTES = 2 * 1024 * 1024;

/** Absolute path of the block list of a configuration file. `written` is its `blockList.file`, if it has one. */
export function blockListPath(configFile: string, written?: string): string {
  const file = resolve(configFile);
  return resolve(dirname(file), written ?? `${basename(file, extname(file))}.blocked.json`);
}

/** Current version of a block list. Undefined if the file does not exist. Throws BlockListProblem. */
export async function versionOf(path: string): Promise<FileVersion | undefined> {
  try {
    return toVersion(await stat(path, { bigint: true }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toProblem(error);
  }
}

/** Reads a block list. One that does not exist is empty. Throws BlockListProblem. */
export async function readBlockList(path: string): Promise<BlockList> {
  return (await readVersion(path))?.list ?? BlockList.EMPTY;
}

/** Reads a block list, with the version of the file that was read. Undefined if there is no file. Throws BlockListProblem. */
export async function readVersion(path: string): Promise<BlockListVersion | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const version = toVersion(await file.stat({ bigint: true }));
    return { version, list: BlockList.parse(await file.readFile('utf8')) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toProblem(error);
  } finally {
    await file?.close();
  }
}

/** Version of a file. Throws BlockListProblem if the file cannot be a block list. */
function toVersion(stats: BigIntStats): FileVersion {
  if (!stats.isFile()) throw new BlockListProblem('is not a regular file');
  if (stats.size > MAX_BYTES) throw new BlockListProblem('is too large for a block list');
  const { dev, ino, size, ctimeNs } = stats;
  return { dev, ino, size, ctimeNs };
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/**
 * Changes a block list. The new file replaces the old one in one step, and simultaneous commands take turns. Returns whether
 * anything has changed. Throws BlockListProblem, LockHeld, or the error of the file system.
 */
export async function editBlockList(path: string, edit: (list: BlockList) => BlockList): Promise<boolean> {
  const lock = await whenFree(() => takeLock(`${path}.lock`));
  try {
    const list = await readBlockList(path);
    const next = edit(list);
    if (next === list) return false;
    const text = next.format();
    // No proxy would read a larger file.
    if (Buffer.byteLength(text) > MAX_BYTES) throw new BlockListProblem('has no room for another block');
    replace(path, text);
    return true;
  } finally {
    lock.release();
  }
}

function replace(path: string, text: string): void {
  const next = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    write(openSync(next, 'wx'), (descriptor) => {
      writeFileSync(descriptor, text);
      // The proxy may run as another user, and nothing in the file is secret.
      fchmodSync(descriptor, 0o644);
    });
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  try {
    write(openSync(dirname(path), 'r'), () => undefined);
  } catch {
    // Some file systems cannot flush a folder, and this user may not be allowed to read it. The list is in force even so.
  }
}

/** Uses a descriptor, flushes it to the disk and closes it, so that a block survives a loss of power. */
function write(descriptor: number, use: (descriptor: number) => void): void {
  try {
    use(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function toProblem(error: unknown): BlockListProblem {
  if (error instanceof BlockListProblem) return error;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new BlockListProblem(`cannot be read (${code})`, { cause: error });
}
