import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Another process has the lock, or may have it; the message says which. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
}

export interface FileLock {
  /** Has no effect the second time. */
  release(): void;
}

const CLAIM = '.claim-';
const TRIES = 10;
// Random pause between tries, at most.
const MAX_PAUSE_MS = 10;
// A command holds a lock for milliseconds.
const WAIT_MS = 10_000;
const PAUSE_MS = 20;

/**
 * Takes a lock: a file with the pid of its holder, which the holder keeps open. A process id alone proves nothing,
 * because containers give the same ones again: a lock is stale unless the process with its pid has that very file open.
 * Throws LockHeld, or what the file system says.
 */
export function takeLock(file: string): FileLock {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const descriptor = create(file);
    if (descriptor !== undefined) return lockOf(file, descriptor);
    const holder = holderOf(file);
    if (holder !== undefined) throw new LockHeld(`process ${holder} writes it (${file})`);
    if (!removeStale(file)) pause();
  }
  throw new LockHeld(`another process takes ${file} at the same time`);
}

/**
 * Does what needs a lock as soon as it is free: tries again while `take` throws LockHeld, for 10 seconds. Then throws LockHeld; what
 * else `take` throws, at once.
 */
export async function whenFree<T>(take: () => T): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return take();
    } catch (error) {
      if (!(error instanceof LockHeld) || performance.now() >= deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function lockOf(file: string, descriptor: number): FileLock {
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

/**
 * Removes a lock if it is stale, unless another process is about to: then it returns false. Each that wants to makes a claim of its own
 * first and then looks for others, so that of two at least one sees the other. Nobody removes a lock that was put there meanwhile.
 */
function removeStale(file: string): boolean {
  const claim = `${file}${CLAIM}${randomUUID()}`;
  const descriptor = create(claim);
  try {
    const others = claimsOn(file).filter((each) => each !== claim);
    if (others.some((other) => holderOf(other) !== undefined)) return false;
    // Their processes have ended.
    for (const other of others) rmSync(other, { force: true });
    if (isStale(file)) rmSync(file, { force: true, recursive: true });
    return true;
  } finally {
    rmSync(claim, { force: true });
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function claimsOn(file: string): string[] {
  const [folder, prefix] = [dirname(file), `${basename(file)}${CLAIM}`];
  // Not the files that create() makes first.
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix) && !name.includes('.', prefix.length));
  return names.map((name) => join(folder, name));
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * MAX_PAUSE_MS);
}

/** The process that has the lock; undefined if none has, or if its lock is stale. */
export function holderOf(file: string): number | undefined {
  return inspect(file)?.holder;
}

function isStale(file: string): boolean {
  const found = inspect(file);
  if (!found || found.holder !== undefined) return false;
  // A lock that its holder has just released is closed, but no longer there.
  const there = statSync(file, { throwIfNoEntry: false });
  return there?.dev === found.lock.dev && there.ino === found.lock.ino;
}

/** The file of a lock, whichever it is, with the process that holds it; undefined if there is none. */
function inspect(file: string): { readonly lock: Stats; readonly holder: number | undefined } | undefined {
  let lock: Stats;
  let writer = NaN;
  try {
    const descriptor = openSync(file, 'r');
    try {
      lock = fstatSync(descriptor);
      if (lock.isFile()) writer = Number(readFileSync(descriptor, 'utf8'));
    } finally {
      // Before it is looked who has it open.
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
  const isHeld = Number.isSafeInteger(writer) && writer > 0 && keepsOpen(writer, lock);
  return { lock, holder: isHeld ? writer : undefined };
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
