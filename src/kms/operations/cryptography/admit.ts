import type { KeyUse } from '../../cryptography/keyUse.ts';
import type { LocalKms } from '../../localKms.ts';
import { endDryRun, type DryRunnable } from '../endDryRun.ts';

/**
 * The last check before keys are used. Throws DryRunOperationException if the request is a dry run, and ThrottlingException if one of the
 * key stores has used up its quota for this second.
 */
export function admit(kms: LocalKms, input: DryRunnable, uses: readonly KeyUse[]): void {
  endDryRun(input);
  for (const { key, kmsOperation } of uses) {
    if (key.origin !== 'AWS_KMS') kms.quota.take(key.customKeyStoreId, kmsOperation);
  }
}
