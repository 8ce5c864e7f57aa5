import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BlockList, BlockListProblem, describeBlockChanges } from './blockList.ts';
import { readVersion, versionOf, type BlockListVersion, type FileVersion } from './blockListFile.ts';

export interface BlockListObserver {
  /** Called with what was blocked and unblocked, and with the list that is now in force. */
  changed(changes: readonly string[], list: BlockList): void;
  /** Called with the reason when the file cannot be read, and with undefined when it can be read again. */
  problem(problem: string | undefined): void;
}

export interface FollowOptions {
  /** List that other processes of the proxy have in force. It stays in force if the file cannot be read or is gone. */
  readonly inForce?: BlockList | undefined;
  /** Milliseconds between polls of the file, because some file systems do not send notifications. */
  readonly pollMs?: number;
  /** Milliseconds for which a file written in place must stay unchanged before it is read. */
  readonly settleMs?: number;
  /** Milliseconds that a look at the file may take. A longer look is a problem until the file system answers. */
  readonly answerMs?: number;
  /** Source of the versions of the file. VERSIONS if left out. */
  readonly versions?: BlockListVersions;
}

/** Source of the versions of a block list. Each call throws BlockListProblem. */
export interface BlockListVersions {
  /** Resolves to the current version, or to undefined if there is no file. */
  readonly current: (path: string) => Promise<FileVersion | undefined>;
  readonly read: (path: string) => Promise<BlockListVersion | undefined>;
}

const POLL_MS = 250;
const SETTLE_MS = 100;
const ANSWER_MS = 5_000;
const NO_ANSWER = 'cannot be read: its file system does not answer';
const VERSIONS: BlockListVersions = { current: versionOf, read: readVersion };

/**
 * Block list in force that follows its file. Reads a file replaced by rename at once, and one written in place when it has
 * settled. While the file cannot be read or is gone, the blocks stay in force. A file system that hangs, such as NFS, blocks only one
 * look at the file.
 */
export class FollowedBlockList {
  readonly #path: string;
  readonly #observer: BlockListObserver;
  readonly #settleMs: number;
  readonly #answerMs: number;
  readonly #versions: BlockListVersions;
  #list: BlockList;
  #problem: string | undefined;
  /** Version of the file at the last read. Undefined if there was no file. */
  #read: FileVersion | 'unreadable' | undefined;
  /** Version that may still be incomplete, and the time when it was first seen. */
  #unsettled: { readonly version: FileVersion | undefined; readonly at: number } | undefined;
  /** Time when the look under way began. */
  #lookingSince: number | undefined;
  /** Whether to look again after the look that is under way. */
  #isDue = false;
  /** Problem that was last reported to the observer. */
  #told: string | undefined;
  #isStopped = false;
  #poll: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  private constructor(path: string, observer: BlockListObserver, options: FollowOptions) {
    const { inForce = BlockList.EMPTY, settleMs = SETTLE_MS, answerMs = ANSWER_MS, versions = VERSIONS } = options;
    this.#path = path;
    this.#observer = observer;
    this.#settleMs = settleMs;
    this.#answerMs = answerMs;
    this.#versions = versions;
    this.#list = inForce;
  }

  /**
   * Reads a block list and follows it. Throws BlockListProblem if the list cannot be read and `inForce` is not given, because
   * the first request needs the blocks.
   */
  static async follow(
    path: string,
    observer: BlockListObserver,
    options: FollowOptions = {},
  ): Promise<FollowedBlockList> {
    const followed = new FollowedBlockList(path, observer, options);
    try {
      followed.#take(await followed.#versions.read(path));
    } catch (error) {
      if (!options.inForce) throw error;
      followed.#fail(error);
      followed.#tell();
    }
    followed.#poll = setInterval(() => {
      followed.#look();
    }, options.pollMs ?? POLL_MS).unref();
    followed.#watch();
    return followed;
  }

  get list(): BlockList {
    return this.#list;
  }

  /** Reason why the file cannot be read, if there is one. */
  get problem(): string | undefined {
    const isLate = this.#lookingSince !== undefined && performance.now() - this.#lookingSince > this.#answerMs;
    return isLate ? NO_ANSWER : this.#problem;
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#poll);
    this.#watcher?.close();
  }

  #watch(): void {
    try {
      // Watches the folder, because a rename puts another file in the place of the watched one.
      this.#watcher = watch(dirname(this.#path), { persistent: false }, () => {
        this.#look();
      });
      // The folder may be gone, for example. Polling goes on.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The system may limit the number of watchers, for example. Polling goes on.
    }
  }

  #look(): void {
    if (this.#isStopped) return;
    this.#tell();
    // A second look at a file system that hangs would occupy one more of the few threads of libuv's pool.
    this.#isDue = this.#lookingSince !== undefined;
    if (this.#isDue) return;
    this.#lookingSince = performance.now();
    void this.#compare().finally(() => {
      this.#lookingSince = undefined;
      this.#tell();
      if (this.#isDue) this.#look();
    });
  }

  /** Takes over the current version if it is new and complete. */
  async #compare(): Promise<void> {
    let version: FileVersion | undefined;
    try {
      version = await this.#versions.current(this.#path);
      if (isDeepStrictEqual(version, this.#read)) return;
      if (!this.#isReplaced(version) && !this.#isSettled(version)) return;
      const found = await this.#versions.read(this.#path);
      // Another version has appeared in the meantime, and must settle first too.
      if (!isDeepStrictEqual(found?.version, version) && !this.#isReplaced(found?.version)) return;
      if (!this.#isStopped) this.#takeOver(found);
    } catch (error) {
      // If an editor, or mv from another file system, writes the new file, it is incomplete at first.
      if (this.#isReplaced(version) && !this.#isSettled(version)) return;
      this.#fail(error, version);
    }
  }

  /** Whether another file has taken the place of the one that was read. */
  #isReplaced(version: FileVersion | undefined): boolean {
    return typeof this.#read === 'object' && version !== undefined && version.ino !== this.#read.ino;
  }

  /** Whether the file has stayed unchanged for `settleMs`. Looks again later if it has just changed. */
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

  #takeOver(found: BlockListVersion | undefined): void {
    const was = this.#list;
    this.#take(found);
    this.#tell();
    const changes = describeBlockChanges(was, this.#list);
    if (changes.length > 0) this.#observer.changed(changes, this.#list);
  }

  #take(found: BlockListVersion | undefined): void {
    if (!found && this.#list.blocks.length > 0) throw new BlockListProblem('is gone');
    this.#read = found?.version;
    this.#list = found?.list ?? BlockList.EMPTY;
    this.#problem = undefined;
    this.#unsettled = undefined;
  }

  #fail(error: unknown, version?: FileVersion): void {
    const problem = error instanceof BlockListProblem ? error : undefined;
    // A version that cannot be read may become readable, such as with other permissions. One with wrong contents stays wrong.
    this.#read = problem?.isInFile ? version : 'unreadable';
    this.#problem = problem?.message ?? String(error);
    this.#unsettled = undefined;
  }

  #tell(): void {
    const { problem } = this;
    if (problem === this.#told || this.#isStopped) return;
    this.#told = problem;
    this.#observer.problem(problem);
  }
}
