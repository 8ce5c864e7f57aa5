import type { KeyUse } from '../../cryptography/keyUse.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';

/**
 * The last step before some keys are used. Throws DryRunOperationException if the request ends here, and
 * ThrottlingException if one of the key stores has had its requests of this second.
 */
export function admit(
  kms: LocalKms,
  { DryRun }: { readonly DryRun?: boolean | undefined },
  uses: readonly KeyUse[],
): void {
  if (DryRun) {
    const message = 'The request would have succeeded, but the DryRun option is set.';
    throw new KmsError('DryRunOperationException', message);
  }
  for (const { key, kmsOperation } of uses) kms.quota.take(key.customKeyStoreId, kmsOperation);
}
