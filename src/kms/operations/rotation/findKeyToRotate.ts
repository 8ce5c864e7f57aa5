import type { LocalKms } from '../../localKms.ts';
import type { AwsKmsKey } from '../../state/records.ts';
import { findKey } from '../keys/findKey.ts';
import { requireNotPendingDeletion } from '../keys/keyState.ts';
import { invalidOrigin } from '../keys/invalidOrigin.ts';
import type { KmsRequest } from '../operation.ts';

/**
 * Finds a key that KMS can rotate. Throws NotFoundException, InvalidArnException, KMSInvalidStateException, and
 * UnsupportedOperationException for a key in a custom key store.
 */
export function findKeyToRotate(kms: LocalKms, keyId: string, request: KmsRequest): AwsKmsKey {
  const key = findKey(kms, keyId, { aliases: false }, request);
  if (key.origin !== 'AWS_KMS') throw invalidOrigin(kms, key);
  requireNotPendingDeletion(kms, key);
  return key;
}
