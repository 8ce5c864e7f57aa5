/** Members of a record of type `omitted`: requests that have no record of their own. */
export interface Omitted {
  readonly count: number;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
}

/** A counter of requests that share a record. */
export class Tally {
  #count = 0;
  #from = '';
  #to = '';

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#to = new Date().toISOString();
    if (this.#count === 0) this.#from = this.#to;
    this.#count += 1;
  }

  /** Returns the counts since the last call. Undefined if there are none. */
  take(reason: string): Omitted | undefined {
    if (this.#count === 0) return undefined;
    const omitted = { count: this.#count, reason, from: this.#from, to: this.#to };
    this.#count = 0;
    return omitted;
  }
}
