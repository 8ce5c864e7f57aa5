import { Tally } from '../audit/trail/tally.ts';
import type { TrailEntry } from '../audit/trail/trailEntry.ts';
import type { RequestTrail } from './respond.ts';
import { TokenBucket, type Rate } from '../timing/tokenBucket.ts';

// The limit of each process. A client without a credential fills at most 300 MB a day.
const RECORDS: Rate = { requestsPerSecond: 5, burst: 100 };
const SHARE_MS = 100;
const REASON = 'unauthenticated requests beyond the limit of records';

/**
 * Limits the records of unauthenticated requests, so that a client without a credential cannot fill the disk. Beyond the limit,
 * all requests of 100 ms share one record, and their answers wait for it.
 */
export class LimitedTrail implements RequestTrail {
  readonly #trail: Pick<RequestTrail, 'record'>;
  readonly #limit: TokenBucket;
  readonly #omitted = new Tally();
  #sharing: TrailEntry[] = [];

  /** `clock`: milliseconds of a clock that is never set back. */
  constructor(trail: Pick<RequestTrail, 'record'>, clock: () => number, rate = RECORDS) {
    this.#trail = trail;
    this.#limit = new TokenBucket(rate, clock);
  }

  record(entry: TrailEntry): void {
    this.#trail.record(entry);
  }

  recordUnauthenticated(entry: TrailEntry): boolean {
    const hasOwn = this.#limit.take();
    if (hasOwn) this.#trail.record(entry);
    else {
      this.#omitted.add();
      if (this.#sharing.push(entry) === 1) setTimeout(this.#share.bind(this), SHARE_MS);
    }
    return hasOwn;
  }

  #share(): void {
    const entries = this.#sharing;
    const members = this.#omitted.take(REASON);
    const arrivedAt = entries[0]?.arrivedAt;
    this.#sharing = [];
    if (!members || arrivedAt === undefined) return;
    this.#trail.record({
      record: { type: 'omitted', time: members.to, level: 'warn', members },
      arrivedAt,
      onWritten: () => {
        for (const { onWritten } of entries) onWritten(undefined);
      },
      onLate: () => {
        for (const { onLate } of entries) onLate();
        return members;
      },
    });
  }
}
