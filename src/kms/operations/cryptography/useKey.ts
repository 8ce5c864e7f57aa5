import { keyArn } from '../../arn.ts';
import type { KeyUse } from '../../cryptography/doubleEncryption.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import { requireUsable } from '../keys/keyState.ts';
import type { KmsRequest } from '../operation.ts';
import { requestMetadata } from '../requestMetadata.ts';

/** The use of a key for a request, which the log has from now on. Throws DisabledException or KMSInvalidStateException if it cannot be used now. */
export function useKey(kms: LocalKms, key: KmsKey, kmsOperation: string, request: KmsRequest): KeyUse {
  const { proxy, customKeyStoreId } = requireUsable(kms, key);
  const arn = keyArn(kms.identity, key.keyId);
  request.note({ customKeyStoreId, xksKeyId: key.xksKeyId });
  return { key, call: { proxy, customKeyStoreId, requestMetadata: requestMetadata(request, kmsOperation, arn) } };
}
