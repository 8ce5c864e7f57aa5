import { createSecretKey, randomBytes } from 'node:crypto';
import { createKeyError } from '../../failures/kmsErrorOf.ts';
import type { LocalKms } from '../../localKms.ts';
import type { ExternalKey } from '../../state/records.ts';
import { XksProxyFailure } from '../../xksProxy/xksProxyFailure.ts';
import type { KmsRequest } from '../operation.ts';
import { requestMetadata } from '../requestMetadata.ts';
import type { NewKey } from './createKeyRequest.ts';
import { requireFreeExternalKey, requireSuitableExternalKey } from './externalKeyRules.ts';

type Wanted = Extract<NewKey, { readonly origin: 'EXTERNAL_KEY_STORE' }>;

/** Stores a KMS key over an existing external key, after asking the proxy whether that key is suitable. Rejects with KmsError. */
export async function createExternalKey(
  kms: LocalKms,
  wanted: Wanted,
  common: Omit<ExternalKey, keyof Wanted | 'creationDate' | 'keyMaterial'>,
  request: KmsRequest,
): Promise<ExternalKey> {
  const { customKeyStoreId, xksKeyId } = wanted;
  const { proxy } = requireFreeExternalKey(kms, customKeyStoreId, xksKeyId);
  const call = { proxy, customKeyStoreId, requestMetadata: requestMetadata(request, 'CreateKey') };
  const externalKey = await kms.xksProxy.getKeyMetadata(call, xksKeyId).catch((error: unknown) => {
    throw error instanceof XksProxyFailure ? createKeyError(error) : error;
  });
  requireSuitableExternalKey(externalKey);
  // Checked again, because the state may have changed during the call to the proxy.
  requireFreeExternalKey(kms, customKeyStoreId, xksKeyId);
  const key = { ...common, ...wanted, creationDate: kms.clock(), keyMaterial: createSecretKey(randomBytes(32)) };
  kms.state.keys.insert(key);
  return key;
}
