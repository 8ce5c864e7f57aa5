import { TokenBucket, type Rate } from '../timing/tokenBucket.ts';

export interface QuotaShare {
  /** Number of processes among which the quota is divided equally. */
  readonly processes: number;
  /** The quota before the configuration was reloaded. Requests that used it stay counted. */
  readonly before: TokenBucket | undefined;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
}

/** Makes this process's share of a key store's quota. */
export function shareQuota({ requestsPerSecond, burst }: Rate, { processes, before, clock }: QuotaShare): TokenBucket {
  const share = { requestsPerSecond: requestsPerSecond / processes, burst: Math.ceil(burst / processes) };
  return before?.at(share) ?? new TokenBucket(share, clock);
}
