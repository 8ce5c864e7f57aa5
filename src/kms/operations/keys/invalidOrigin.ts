import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';

/** Returns the exception of an operation that keys of this Origin do not support. */
export function invalidOrigin({ identity }: Pick<LocalKms, 'identity'>, { keyId, origin }: KmsKey): KmsError {
  const message = `${keyArn(identity, keyId)} origin is ${origin} which is not valid for this operation.`;
  return new KmsError('UnsupportedOperationException', message);
}
