import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';
import { findKeyToChange } from '../keys/findKeyToChange.ts';

/** Finds the key that an alias will refer to. Throws ValidationException, and the errors of findKeyToChange. */
export function findAliasTarget(kms: LocalKms, targetKeyId: string, request: KmsRequest): KmsKey {
  if (/^(arn:[^/]*:)?alias\//.test(targetKeyId)) {
    throw new KmsError('ValidationException', 'Aliases must refer to keys. Not aliases');
  }
  return findKeyToChange(kms, targetKeyId, request);
}
