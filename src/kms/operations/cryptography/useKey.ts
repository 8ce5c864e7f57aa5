import { keyArn } from '../../arn.ts';
import { useAwsKmsKey } from '../../cryptography/awsKmsEncryption.ts';
import { useClusterKey } from '../../cryptography/clusterEncryption.ts';
import { useExternalKey } from '../../cryptography/doubleEncryption.ts';
import type { KeyUse } from '../../cryptography/keyUse.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import { requireUsable, storeOf } from '../keys/keyState.ts';
import type { KmsRequest } from '../operation.ts';
import { requestMetadata } from '../requestMetadata.ts';

/**
 * Returns the use of a key for a request. The request's event names the key even if the use fails. Throws DisabledException or
 * KMSInvalidStateException if the key cannot be used now.
 */
export function useKey(kms: LocalKms, key: KmsKey, kmsOperation: string, request: KmsRequest): KeyUse {
  request.note(eventDataOf(key));
  requireUsable(kms, key);
  switch (key.origin) {
    case 'AWS_KMS':
      return useAwsKmsKey(kms, key, kmsOperation);
    case 'AWS_CLOUDHSM':
      return useClusterKey(kms, key, storeOf(kms, key), kmsOperation);
    case 'EXTERNAL_KEY_STORE': {
      const { proxy, customKeyStoreId } = storeOf(kms, key);
      const arn = keyArn(kms.identity, key.keyId);
      const call = { proxy, customKeyStoreId, requestMetadata: requestMetadata(request, kmsOperation, arn) };
      return useExternalKey(kms.xksProxy, key, call);
    }
  }
}

function eventDataOf(key: KmsKey): Readonly<Record<string, string>> {
  if (key.origin === 'AWS_KMS') return {};
  const { customKeyStoreId } = key;
  return key.origin === 'AWS_CLOUDHSM'
    ? { customKeyStoreId, backingKeyId: key.backingKeyId }
    : { customKeyStoreId, xksKeyId: key.xksKeyId };
}
