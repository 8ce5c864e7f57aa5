import { KmsError } from '../../kmsError.ts';

/** The only encryption algorithm of the keys here. */
export const SYMMETRIC_DEFAULT = 'SYMMETRIC_DEFAULT';

/** Throws InvalidKeyUsageException. */
export function requireSymmetricDefault(algorithm: string): void {
  if (algorithm === SYMMETRIC_DEFAULT) return;
  const message = `Algorithm ${algorithm} is incompatible with key spec ${SYMMETRIC_DEFAULT}.`;
  throw new KmsError('InvalidKeyUsageException', message);
}
