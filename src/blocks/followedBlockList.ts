import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BlockList, BlockListProblem, describeBlockChanges } from './blockList.ts';
import { readBlockList, versionOf, type FileVersion } from './blockListFile.ts';

export interface BlockListObserver {
  /** Told what has been blocked and unblocked, and the list that is in force now. */
  changed(changes: readonly string[], list: BlockList): void;
  /** Told that the file cannot be read, and why; undefined: it can be again. */
  problem(problem: string | undefined): void;
}

export interface FollowOptions {
  /** The list that other processes of the proxy have in force. It stays in force if the file cannot be read, or is gone. */
  readonly inForce?: BlockList | undefined;
  /** Milliseconds between looks at the file, behind the notifications of the file system, which some do not have. */
  readonly pollMs?: number;
  /** Milliseconds for which a file that was written in place must stay the same before it is read. */
  readonly settleMs?: number;
}

const POLL_MS = 250;
const SETTLE_MS = 100;

/**
 * A block list in force, which follows its file. A file that was replaced by rename is read at once, one written in place when it has
 * settled. While the file cannot be read, or is gone, the blocks stay.
 */
export class FollowedBlockList {
  readonly #path: string;
  readonly #observer: BlockListObserver;
  readonly #settleMs: number;
  #list: BlockList;
  #problem: string | undefined;
  /** The version of the file that was read last; undefined: there was none. */
  #read: FileVersion | 'unreadable' | undefined;
  /** A version that may not be whole yet, and when it was first seen. */
  #unsettled: { readonly version: FileVersion | undefined; readonly at: number } | undefined;
  readonly #poll: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;

  /** Throws BlockListProblem unless `inForce` is given: what is blocked must be known before the first request. */
  constructor(
    path: string,
    observer: BlockListObserver,
    { inForce, pollMs = POLL_MS, settleMs = SETTLE_MS }: FollowOptions = {},
  ) {
    this.#path = path;
    this.#observer = observer;
    this.#settleMs = settleMs;
    this.#list = inForce ?? BlockList.EMPTY;
    try {
      this.#load(versionOf(path));
    } catch (error) {
      if (!inForce) throw error;
      this.#fail(error);
    }
    this.#poll = setInterval(() => {
      this.#look();
    }, pollMs).unref();
    this.#watch();
  }

  get list(): BlockList {
    return this.#list;
  }

  /** Why the file cannot be read, if it cannot be. */
  get problem(): string | undefined {
    return this.#problem;
  }

  stop(): void {
    clearInterval(this.#poll);
    this.#watcher?.close();
  }

  #watch(): void {
    try {
      // The folder: a file that is replaced by rename is another one.
      this.#watcher = watch(dirname(this.#path), { persistent: false }, () => {
        this.#look();
      });
      // Such as when the folder is gone. Polling goes on.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // Such as a limit of the system. Polling goes on.
    }
  }

  #look(): void {
    try {
      const version = versionOf(this.#path);
      if (isDeepStrictEqual(version, this.#read)) return;
      if (this.#isReplaced(version) || this.#isSettled(version)) this.#take(version);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Whether another file, which can be read, has taken the place of the one that was read. Editors, and mv from another file system,
   * make a new file that is not whole at first.
   */
  #isReplaced(version: FileVersion | undefined): boolean {
    if (typeof this.#read !== 'object' || !version || version.ino === this.#read.ino) return false;
    try {
      readBlockList(this.#path);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the file has not changed for a while. Looks again later if it has. */
  #isSettled(version: FileVersion | undefined): boolean {
    const now = performance.now();
    if (this.#unsettled && isDeepStrictEqual(version, this.#unsettled.version))
      return now - this.#unsettled.at >= this.#settleMs;
    this.#unsettled = { version, at: now };
    setTimeout(() => {
      this.#look();
    }, this.#settleMs).unref();
    return false;
  }

  #take(version: FileVersion | undefined): void {
    this.#unsettled = undefined;
    const was = this.#list;
    this.#load(version);
    this.#setProblem(undefined);
    const changes = describeBlockChanges(was, this.#list);
    if (changes.length > 0) this.#observer.changed(changes, this.#list);
  }

  #load(version: FileVersion | undefined): void {
    if (!version && this.#list.blocks.length > 0) throw new BlockListProblem('is gone');
    // Before the file is read: what is written meanwhile makes another version.
    this.#read = version;
    this.#list = readBlockList(this.#path);
  }

  #fail(error: unknown): void {
    const problem = error instanceof BlockListProblem ? error : undefined;
    // A version that cannot be read now may be readable later, such as with other permissions. One with wrong contents stays wrong.
    if (!problem?.isInFile) this.#read = 'unreadable';
    this.#setProblem(problem?.message ?? String(error));
  }

  #setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#observer.problem(problem);
  }
}
