import { TokenBucket, type Rate } from '../timing/tokenBucket.ts';

export interface QuotaShare {
  /** Processes that each have an equal share of the quota. */
  readonly processes: number;
  /** The quota before its configuration was read again: what the key store has used of it stays used. */
  readonly before: TokenBucket | undefined;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
}

/** This process's share of a key store's quota. */
export function shareQuota({ requestsPerSecond, burst }: Rate, { processes, before, clock }: QuotaShare): TokenBucket {
  const share = { requestsPerSecond: requestsPerSecond / processes, burst: Math.ceil(burst / processes) };
  return before?.at(share) ?? new TokenBucket(share, clock);
}
