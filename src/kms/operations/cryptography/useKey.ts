import { keyArn } from '../../arn.ts';
import { useClusterKey } from '../../cryptography/clusterEncryption.ts';
import { useExternalKey } from '../../cryptography/doubleEncryption.ts';
import type { KeyUse } from '../../cryptography/keyUse.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import { requireUsable } from '../keys/keyState.ts';
import type { KmsRequest } from '../operation.ts';
import { requestMetadata } from '../requestMetadata.ts';

/**
 * The use of a key for a request, whose event tells of it even if it fails. Throws DisabledException or KMSInvalidStateException if
 * it cannot be used now.
 */
export function useKey(kms: LocalKms, key: KmsKey, kmsOperation: string, request: KmsRequest): KeyUse {
  const { customKeyStoreId } = key;
  if (key.origin === 'AWS_CLOUDHSM') {
    request.note({ customKeyStoreId, backingKeyId: key.backingKeyId });
    return useClusterKey(kms, key, requireUsable(kms, key), kmsOperation);
  }
  request.note({ customKeyStoreId, xksKeyId: key.xksKeyId });
  const { proxy } = requireUsable(kms, key);
  const arn = keyArn(kms.identity, key.keyId);
  const call = { proxy, customKeyStoreId, requestMetadata: requestMetadata(request, kmsOperation, arn) };
  return useExternalKey(kms.xksProxy, key, call);
}
