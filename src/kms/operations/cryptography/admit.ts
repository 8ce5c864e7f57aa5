import type { KeyUse } from '../../cryptography/doubleEncryption.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';

/**
 * The last step before the proxies of some keys are called. Rejects with DryRunOperationException if the request ends here,
 * and with ThrottlingException if one of the key stores has had its requests of this second.
 */
export async function admit(
  kms: LocalKms,
  { DryRun }: { readonly DryRun?: boolean | undefined },
  uses: readonly KeyUse[],
): Promise<void> {
  if (DryRun) {
    const message = 'The request would have succeeded, but the DryRun option is set.';
    throw new KmsError('DryRunOperationException', message);
  }
  for (const { key, call } of uses) await kms.quota.take(key.customKeyStoreId, call.requestMetadata.kmsOperation);
}
