import { keyArn } from '../../arn.ts';
import type { CiphertextBlob } from '../../cryptography/ciphertextBlob.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import { findKey } from '../keys/findKey.ts';
import type { KmsRequest } from '../operation.ts';

/**
 * Finds the key of a ciphertext. If the request also names a key (`keyId`), it must be the same one. Throws IncorrectKeyException and
 * AccessDeniedException, and for `keyId` the errors of findKey.
 */
export function findCiphertextKey(
  kms: LocalKms,
  blob: CiphertextBlob,
  keyId: string | undefined,
  request: KmsRequest,
): KmsKey {
  if (keyId !== undefined) {
    const named = findKey(kms, keyId, { aliases: true }, request);
    if (named.keyId === blob.keyId) return named;
    throw new KmsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  const key = kms.state.keys.find(blob.keyId);
  if (key) {
    request.noteResource(keyArn(kms.identity, key.keyId));
    request.access.requireKey(key);
    return key;
  }
  throw new KmsError(
    'AccessDeniedException',
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
      'allowed to access.',
  );
}
