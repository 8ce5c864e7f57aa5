import { setImmediate as nextTurn } from 'node:timers/promises';
import { XksError } from '../../../xks/errors.ts';
import type { KeyFinding, KeySelector } from '../../keyManager.ts';
import { failureOf } from '../../keyManagerFailures.ts';
import type { ObjectHandle, SessionHandle } from '../cryptoki/cryptoki.ts';
import { CKR } from '../cryptoki/cryptokiConstants.ts';
import { CryptokiError, isAnswer } from '../cryptoki/cryptokiError.ts';
import { notFound, type KeyDirectory } from '../keys/keyDirectory.ts';
import { KeyListing } from '../keys/keyListing.ts';
import type { SecretKey } from '../keys/secretKey.ts';

// For fewer keys, searches are quick enough.
const FEWEST_TO_LIST = 10;
// An endless listing must not fill the memory.
const MOST_LISTED = 100_000;

/** Lends a session for a short time. Throws XksError. */
type WithSession = <T>(use: (session: SessionHandle) => T) => Promise<T>;

/**
 * Describes many keys by one listing of the token. Some tokens look at all their objects in each search, so that searching for
 * each of n keys takes n² steps. Each step here borrows a session anew, and lets other operations go first.
 */
export class KeySurvey {
  readonly #keys: KeyDirectory;
  readonly #withSession: WithSession;
  readonly #clock: () => number;
  /** If undefined, each key is searched for. */
  #listing: KeyListing | undefined;
  /** The directory's generation when the listing began. */
  #generation = -1;
  /**
   * Whether a key that the listing lacks is missing. A search for one such key decides this. Until then, each of them is searched
   * for.
   */
  #absence: 'unknown' | 'believed' | 'doubted' = 'unknown';
  /** Milliseconds that the last search took. */
  #searchMs = 0;

  /** `clock`: milliseconds of a clock that is never set back. */
  constructor(keys: KeyDirectory, withSession: WithSession, clock: () => number) {
    this.#keys = keys;
    this.#withSession = withSession;
    this.#clock = clock;
  }

  /** Finds each key, by the rules of KeyDirectory. The first key is searched for, to measure the duration of a search. */
  async describe(selectors: readonly KeySelector[]): Promise<KeyFinding[]> {
    const findings: KeyFinding[] = [];
    for (const [index, selector] of selectors.entries()) {
      try {
        if (index > 0 && !this.#isCurrent()) await this.#list(selectors.length - index);
        const { description } = await this.#step((session) => this.#find(session, selector));
        findings.push({ description });
      } catch (error) {
        findings.push({ failure: failureOf(error) });
      }
    }
    return findings;
  }

  /**
   * Lists the token, unless that takes longer than searching for each key. If a loss is repaired meanwhile, it ends without a
   * decision.
   */
  async #list(wanted: number): Promise<void> {
    const keys = this.#keys;
    const { generation } = keys;
    this.#listing = undefined;
    this.#absence = 'unknown';
    let leftMs = wanted < FEWEST_TO_LIST ? 0 : wanted * this.#searchMs;
    const timed = <T>(work: (session: SessionHandle) => T) =>
      this.#step((session) => {
        const startedAt = this.#clock();
        const result = work(session);
        leftMs -= this.#clock() - startedAt;
        return result;
      });
    const handles = leftMs > 0 ? await timed((session) => keys.list(session, MOST_LISTED)) : undefined;
    if (handles && handles.length < MOST_LISTED) {
      const listing = new KeyListing();
      for (const handle of handles) {
        if (leftMs <= 0 || keys.generation !== generation) break;
        const key = await timed((session) => this.#read(session, handle));
        if (key) listing.add(handle, key);
      }
      if (leftMs > 0) this.#listing = listing;
    }
    this.#generation = generation;
  }

  /** Returns undefined for an object that cannot be read. The object may not be ours, and the next search notices a loss. */
  #read(session: SessionHandle, handle: ObjectHandle): KeySelector | undefined {
    try {
      return this.#keys.read(session, handle);
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      this.#absence = 'doubted';
      return undefined;
    }
  }

  #find(session: SessionHandle, selector: KeySelector): SecretKey {
    const keys = this.#keys;
    const listed = this.#isCurrent() ? this.#listing?.find(selector) : undefined;
    if (!listed) return this.#search(session, selector);
    if (listed.length > 0) {
      try {
        return keys.accept(session, selector, listed);
      } catch (error) {
        // The key was deleted meanwhile, or the login was lost.
        if (!isAnswer(error, CKR.OBJECT_HANDLE_INVALID, CKR.KEY_HANDLE_INVALID)) throw error;
      }
    }
    if (this.#absence === 'believed' && !keys.hasSeen(selector)) throw notFound(selector);
    try {
      const found = this.#search(session, selector);
      // The key is new, or the token compares labels differently.
      this.#absence = 'doubted';
      return found;
    } catch (error) {
      const isMissing = error instanceof XksError && error.errorName === 'KeyNotFoundException';
      if (isMissing && this.#absence === 'unknown') this.#absence = 'believed';
      throw error;
    }
  }

  #search(session: SessionHandle, selector: KeySelector): SecretKey {
    const startedAt = this.#clock();
    try {
      return this.#keys.lookUp(session, selector);
    } finally {
      this.#searchMs = this.#clock() - startedAt;
    }
  }

  /** Whether the handles of the listing, or the decision not to list, are still valid. */
  #isCurrent(): boolean {
    return this.#generation === this.#keys.generation;
  }

  async #step<T>(use: (session: SessionHandle) => T): Promise<T> {
    await nextTurn();
    return this.#withSession(use);
  }
}
