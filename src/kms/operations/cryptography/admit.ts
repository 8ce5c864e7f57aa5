import type { KeyUse } from '../../cryptography/keyUse.ts';
import type { LocalKms } from '../../localKms.ts';
import { endDryRun, type DryRunnable } from '../endDryRun.ts';

/**
 * The last step before some keys are used. Throws DryRunOperationException if the request ends here, and
 * ThrottlingException if one of the key stores has had its requests of this second.
 */
export function admit(kms: LocalKms, input: DryRunnable, uses: readonly KeyUse[]): void {
  endDryRun(input);
  for (const { key, kmsOperation } of uses) {
    if (key.origin !== 'AWS_KMS') kms.quota.take(key.customKeyStoreId, kmsOperation);
  }
}
