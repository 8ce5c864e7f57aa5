import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { pid } from 'node:process';

/** Another process writes the log, or may; the message says which. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
}

export interface WriterLock {
  /** Has no effect the second time. */
  release(): void;
}

const TRIES = 3;

/**
 * Takes the lock of a log: a file with the pid of its writer, which the writer keeps open. A process id alone proves nothing,
 * because containers give the same ones again: a lock is stale unless the process with its pid has that very file open.
 * Throws LockHeld, or what the file system says.
 */
export function takeLock(file: string): WriterLock {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const descriptor = create(file);
    if (descriptor !== undefined) return lockOf(file, descriptor);
    const found = statSync(file, { throwIfNoEntry: false });
    const holder = holderOf(file);
    if (holder !== undefined) throw new LockHeld(`process ${holder} writes it (${file})`);
    if (found) removeStale(file, found);
  }
  throw new LockHeld(`another process takes ${file} at the same time`);
}

function lockOf(file: string, descriptor: number): WriterLock {
  let isReleased = false;
  return {
    release: () => {
      if (isReleased) return;
      isReleased = true;
      try {
        // Not a lock that another process has put there meanwhile.
        if (isSameFile(file, descriptor)) rmSync(file, { force: true });
      } catch {
        // A lock that cannot be removed is stale once its file is closed.
      }
      closeSync(descriptor);
    },
  };
}

/** Makes the lock with its pid already in it, so that no process takes it for an empty, stale one. Undefined: there is a lock. */
function create(file: string): number | undefined {
  const own = `${file}.${randomUUID()}`;
  const descriptor = openSync(own, 'wx', 0o600);
  try {
    writeSync(descriptor, `${pid}\n`);
    linkSync(own, file);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    rmSync(own);
  }
}

/** Removes a lock that was judged stale, but not one that another process has put in its place since. */
function removeStale(file: string, judged: Stats): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const { ino, mtimeMs } = statSync(aside);
  if (ino !== judged.ino || mtimeMs !== judged.mtimeMs) giveBack(aside, file);
  rmSync(aside, { force: true, recursive: true });
}

function giveBack(aside: string, file: string): void {
  try {
    linkSync(aside, file);
  } catch (error) {
    // A third process was faster. The writer that lost its lock finds out when the other one appends to its files.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The process that has the lock; undefined if none has, or if its lock is stale. */
export function holderOf(file: string): number | undefined {
  let lock;
  let writer: number;
  try {
    lock = statSync(file);
    writer = Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  if (!Number.isSafeInteger(writer) || writer <= 0) return undefined;
  return keepsOpen(writer, lock) ? writer : undefined;
}

function keepsOpen(writer: number, { dev, ino, uid }: Stats): boolean {
  const folder = `/proc/${writer}/fd`;
  try {
    return readdirSync(folder).some((descriptor) => {
      const open = statSync(`${folder}/${descriptor}`, { throwIfNoEntry: false });
      return open?.dev === dev && open.ino === ino;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && statSync('/proc/self', { throwIfNoEntry: false })) return false;
    // Only its own user may see which files a process has open. A lock belongs to the user of its writer.
    return code === 'EACCES' ? userOf(writer) === uid : isAlive(writer);
  }
}

/** The user whom a process's files belong to. */
function userOf(process_: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${process_}/status`, 'utf8');
    // Real, effective, saved and file system's user.
    return Number(/^Uid:\s+\d+\s+\d+\s+\d+\s+(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}

// Where there is no /proc.
function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return process_ !== pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isSameFile(file: string, descriptor: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const { dev, ino } = fstatSync(descriptor);
  return there?.dev === dev && there.ino === ino;
}
