import { closeSync, fstatSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { pid } from 'node:process';

/** Another process writes the log, or may; the message says which. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
}

export interface WriterLock {
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
    if (descriptor !== undefined) {
      return {
        release: () => {
          // Not a lock that another process has put there meanwhile.
          if (isSameFile(file, descriptor)) rmSync(file, { force: true });
          closeSync(descriptor);
        },
      };
    }
    const holder = holderOf(file);
    if (holder !== undefined) throw new LockHeld(`process ${holder} writes it (${file})`);
    rmSync(file, { force: true });
  }
  throw new LockHeld(`another process takes ${file} at the same time`);
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

function create(file: string): number | undefined {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, `${pid}\n`);
    return descriptor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

function keepsOpen(writer: number, { dev, ino }: { readonly dev: number; readonly ino: number }): boolean {
  const folder = `/proc/${writer}/fd`;
  try {
    return readdirSync(folder).some((descriptor) => {
      const open = statSync(`${folder}/${descriptor}`, { throwIfNoEntry: false });
      return open?.dev === dev && open.ino === ino;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOENT: no such process. EACCES: one of another user, who may be root.
    if (code === 'ENOENT' && statSync('/proc/self', { throwIfNoEntry: false })) return false;
    return code === 'EACCES' || isAlive(writer);
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
