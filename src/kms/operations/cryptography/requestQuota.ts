import { TokenBucket } from '../../../timing/tokenBucket.ts';
import { KmsError } from '../../kmsError.ts';

/** KMS's quota of cryptographic requests per second for each custom key store. */
export interface RequestQuota {
  /** Counts a request, before the proxy is called. Throws ThrottlingException if the key store has used up its quota for this second. */
  take(customKeyStoreId: string, kmsOperation: string): void;
}

/** A request that the quota refused. */
export interface Throttle {
  readonly customKeyStoreId: string;
  readonly kmsOperation: string;
}

/**
 * Makes a quota. A second starts with a key store's first request, and is measured in real time. `onThrottle` is called for each refused
 * request.
 */
export function requestQuota(requestsPerSecond: number, onThrottle: (throttle: Throttle) => void): RequestQuota {
  const rate = { requestsPerSecond, burst: requestsPerSecond, fills: 'each second' } as const;
  const buckets = new Map<string, TokenBucket>();
  return {
    take: (customKeyStoreId, kmsOperation) => {
      const bucket = buckets.get(customKeyStoreId) ?? new TokenBucket(rate, () => performance.now());
      buckets.set(customKeyStoreId, bucket);
      if (bucket.take()) return;
      onThrottle({ customKeyStoreId, kmsOperation });
      throw new KmsError(
        'ThrottlingException',
        'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
      );
    },
  };
}
