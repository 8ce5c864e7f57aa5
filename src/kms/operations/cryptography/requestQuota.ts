import { TokenBucket } from '../../../timing/tokenBucket.ts';
import { KmsError } from '../../kmsError.ts';

/** KMS's own limit of cryptographic requests per second for each custom key store. */
export interface RequestQuota {
  /** Throws ThrottlingException, before the proxy is called, when the key store has had its requests of this second. */
  take(customKeyStoreId: string, kmsOperation: string): void;
}

/** A request that the quota refused. */
export interface Throttle {
  readonly customKeyStoreId: string;
  readonly kmsOperation: string;
}

/**
 * So many requests in the second that begins with a key store's first. `onThrottle` sees every one that is refused. The seconds
 * are the real ones.
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
