import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BlockList, BlockListProblem, describeBlockChanges } from './blockList.ts';
import { readBlockList, versionOf, type FileVersion } from './blockListFile.ts';

export interface BlockListObserver {
  /** Told what has been blocked and unblocked, which is in force already. */
  changed(changes: readonly string[]): void;
  /** Told that the file cannot be read, and why; undefined: it can be again. */
  problem(problem: string | undefined): void;
}

export interface BlockListDurations {
  /** Milliseconds between looks at the file, behind the notifications of the file system, which some do not have. */
  readonly pollMs: number;
  /** Milliseconds for which a file that was written in place must stay the same before it is read. */
  readonly settleMs: number;
}

const DURATIONS: BlockListDurations = { pollMs: 250, settleMs: 100 };

/**
 * A block list in force. It follows its file: one that was replaced by rename is read at once, one written in place when it has
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

  /** Throws BlockListProblem: what is blocked must be known before the first request. */
  constructor(path: string, observer: BlockListObserver, { pollMs, settleMs } = DURATIONS) {
    this.#path = path;
    this.#observer = observer;
    this.#settleMs = settleMs;
    this.#read = versionOf(path);
    this.#list = readBlockList(path);
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
      if (!isDeepStrictEqual(version, this.#read) && this.#isWhole(version)) this.#take(version);
    } catch (error) {
      // What has no new version may be readable later, such as with other permissions.
      this.#read = 'unreadable';
      this.#setProblem(error instanceof BlockListProblem ? error.message : String(error));
    }
  }

  /** Whether the file was replaced as a whole, or has not changed for a while. Looks again later if not. */
  #isWhole(version: FileVersion | undefined): boolean {
    const isReplaced = typeof this.#read === 'object' && version && version.ino !== this.#read.ino;
    if (isReplaced) return true;
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
    if (!version && was.blocks.length > 0) throw new BlockListProblem('is gone');
    // Before the file is read: what is written meanwhile makes another version.
    this.#read = version;
    this.#list = readBlockList(this.#path);
    this.#setProblem(undefined);
    const changes = describeBlockChanges(was, this.#list);
    if (changes.length > 0) this.#observer.changed(changes);
  }

  #setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#observer.problem(problem);
  }
}
