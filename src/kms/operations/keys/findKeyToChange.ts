import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';
import { findKey } from './findKey.ts';
import { requireNotPendingDeletion } from './keyState.ts';

/**
 * Finds the key of an id or ARN, for an operation that works on Disabled and Unavailable keys, but not on keys that are pending deletion.
 * Throws NotFoundException, InvalidArnException or KMSInvalidStateException. AWS KMS Developer Guide, "Key state table".
 */
export function findKeyToChange(kms: LocalKms, keyId: string, request: KmsRequest): KmsKey {
  const key = findKey(kms, keyId, { aliases: false }, request);
  requireNotPendingDeletion(kms, key);
  return key;
}
