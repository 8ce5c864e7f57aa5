import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { listSegments, logFolder } from './logFolder.ts';

/**
 * A log on the disk: the log of a slot, or one that was moved aside. The folder of the latter is next to that of its successor.
 */
export interface FoundLog {
  readonly path: string;
  /** `sealed`: the files of the log contradict one another. `closed`: another key or origin took over. */
  readonly state: 'open' | 'closed' | 'sealed';
}

/** A folder contains no log. */
export class NoLogFound extends Error {
  override readonly name = 'NoLogFound';
}

const FOLDER = /^(main|cli|w[1-9]\d*)(?:\.(\w+)\.(closed|sealed))?$/;

/**
 * Finds the logs of a folder: the folder itself if it has the files of a log, otherwise its subfolders. They are sorted by
 * slot, `main` first and `cli` last, then by age, so that a log follows those that were moved aside before it. Throws NoLogFound,
 * or the file system's error.
 */
export function findLogs(folder: string): FoundLog[] {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new NoLogFound(`there is no audit log in ${folder}, which does not exist`);
  if (!isFolder) throw new NoLogFound(`there is no audit log in ${folder}, which is not a folder`);
  if (hasLog(folder)) return [{ path: folder, state: stateOf(basename(resolve(folder))) }];
  const logs = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => FOLDER.test(entry.name) && statSync(join(folder, entry.name)).isDirectory())
    .map(({ name }): FoundLog => ({ path: join(folder, name), state: stateOf(name) }))
    .sort(inOrder);
  if (logs.length > 0) return logs;
  throw new NoLogFound(`there is no audit log in ${folder}`);
}

/**
 * Returns the name of a log among those of several hosts: the name of its verifier key, or that of its folder if it has none. The
 * name of a log that was moved aside includes the time: `xks.example.com/proxy-1/main.20261126T190000000Z.closed`.
 */
export function nameOf({ path, state }: FoundLog): string {
  const folder = basename(resolve(path));
  const key = keyName(path);
  if (key === undefined) return folder;
  return state === 'open' ? key : key.slice(0, key.lastIndexOf('/') + 1) + folder;
}

/** Returns the slot that a log's folder is named for. Undefined if the folder has another name, as a copy may. */
export function slotOf({ path }: FoundLog): string | undefined {
  return FOLDER.exec(basename(resolve(path)))?.[1];
}

function hasLog(folder: string): boolean {
  return listSegments(folder).length > 0 || keyName(folder) !== undefined;
}

function keyName(path: string): string | undefined {
  try {
    return /^([^\s+]+)\+/.exec(readFileSync(logFolder(path).vkey, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

function stateOf(folder: string): FoundLog['state'] {
  const [, , , state] = FOLDER.exec(folder) ?? [];
  return state === 'closed' || state === 'sealed' ? state : 'open';
}

/** `main` comes before the logs whose checkpoints it records. */
function placeOf(slot: string): number {
  if (slot === 'main') return 0;
  return slot === 'cli' ? Infinity : Number(slot.slice(1));
}

function inOrder(one: FoundLog, other: FoundLog): number {
  const [slot = '', time] = basename(one.path).split('.');
  const [otherSlot = '', otherTime] = basename(other.path).split('.');
  if (slot !== otherSlot) return placeOf(slot) - placeOf(otherSlot);
  // An open log has no time in its name, and is the newest.
  return (time ?? '~') < (otherTime ?? '~') ? -1 : 1;
}
