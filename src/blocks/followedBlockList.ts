import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BlockList, BlockListProblem, describeBlockChanges } from './blockList.ts';
import { readVersion, versionOf, type BlockListVersion, type FileVersion } from './blockListFile.ts';

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
  /** Milliseconds for which a look at the file may take: then there is a problem until the file system answers. */
  readonly answerMs?: number;
  /** How to look at the file; VERSIONS if left out. */
  readonly versions?: BlockListVersions;
}

/** Where versions of a block list come from. Each call throws BlockListProblem. */
export interface BlockListVersions {
  /** The version that is there now; undefined: there is none. */
  readonly current: (path: string) => Promise<FileVersion | undefined>;
  readonly read: (path: string) => Promise<BlockListVersion | undefined>;
}

const POLL_MS = 250;
const SETTLE_MS = 100;
const ANSWER_MS = 5_000;
const NO_ANSWER = 'cannot be read: its file system does not answer';
const VERSIONS: BlockListVersions = { current: versionOf, read: readVersion };

/**
 * A block list in force, which follows its file. A file that was replaced by rename is read at once, one written in place when it has
 * settled. While the file cannot be read, or is gone, the blocks stay. A file system that hangs, such as NFS, keeps one look waiting
 * and nothing else.
 */
export class FollowedBlockList {
  readonly #path: string;
  readonly #observer: BlockListObserver;
  readonly #settleMs: number;
  readonly #answerMs: number;
  readonly #versions: BlockListVersions;
  #list: BlockList;
  #problem: string | undefined;
  /** The version of the file that was read last; undefined: there was none. */
  #read: FileVersion | 'unreadable' | undefined;
  /** A version that may not be whole yet, and when it was first seen. */
  #unsettled: { readonly version: FileVersion | undefined; readonly at: number } | undefined;
  /** When the look that is under way began. */
  #lookingSince: number | undefined;
  /** Whether to look again after the look that is under way. */
  #isDue = false;
  /** The problem that the observer knows. */
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
   * Reads a block list and follows it. Throws BlockListProblem unless `inForce` is given: what is blocked must be known before the
   * first request.
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

  /** Why the file cannot be read, if it cannot be. */
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
    if (this.#isStopped) return;
    this.#tell();
    // A second look at a file system that hangs would take one more of the few threads that look at files.
    this.#isDue = this.#lookingSince !== undefined;
    if (this.#isDue) return;
    this.#lookingSince = performance.now();
    void this.#compare().finally(() => {
      this.#lookingSince = undefined;
      this.#tell();
      if (this.#isDue) this.#look();
    });
  }

  /** Takes over the version that is there now, if it is another one and whole. */
  async #compare(): Promise<void> {
    let version: FileVersion | undefined;
    try {
      version = await this.#versions.current(this.#path);
      if (isDeepStrictEqual(version, this.#read)) return;
      if (!this.#isReplaced(version) && !this.#isSettled(version)) return;
      const found = await this.#versions.read(this.#path);
      // Another version has come meanwhile: it must settle first, too.
      if (!isDeepStrictEqual(found?.version, version) && !this.#isReplaced(found?.version)) return;
      if (!this.#isStopped) this.#takeOver(found);
    } catch (error) {
      // Editors, and mv from another file system, make a new file that is not whole at first.
      if (this.#isReplaced(version) && !this.#isSettled(version)) return;
      this.#fail(error, version);
    }
  }

  /** Whether another file has taken the place of the one that was read. */
  #isReplaced(version: FileVersion | undefined): boolean {
    return typeof this.#read === 'object' && version !== undefined && version.ino !== this.#read.ino;
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
    // A version that cannot be read now may be readable later, such as with other permissions. One with wrong contents stays wrong.
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
