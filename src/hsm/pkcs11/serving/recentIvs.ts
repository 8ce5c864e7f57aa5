// A generator that has failed repeats itself soon, so a short memory is enough.
const REMEMBERED = 1_024;

/** Remembers the last 1,024 IVs. */
export class RecentIvs {
  readonly #recent = new Set<string>();
  readonly #inOrder: string[] = [];
  #next = 0;

  /** Whether the IV is new: neither remembered nor all zeros. A module that does not write an IV leaves zeros. */
  add(iv: Buffer): boolean {
    const bytes = iv.toString('latin1');
    if (this.#recent.has(bytes) || iv.every((byte) => byte === 0)) return false;
    const oldest = this.#inOrder[this.#next];
    if (oldest !== undefined) this.#recent.delete(oldest);
    this.#recent.add(bytes);
    this.#inOrder[this.#next] = bytes;
    this.#next = (this.#next + 1) % REMEMBERED;
    return true;
  }
}
