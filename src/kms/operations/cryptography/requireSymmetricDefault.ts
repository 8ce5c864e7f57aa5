import { KmsError } from '../../kmsError.ts';

/** The one encryption algorithm of keys in key stores. */
export const SYMMETRIC_DEFAULT = 'SYMMETRIC_DEFAULT';

/** Throws InvalidKeyUsageException. */
export function requireSymmetricDefault(algorithm: string): void {
  if (algorithm === SYMMETRIC_DEFAULT) return;
  const message = `Algorithm ${algorithm} is incompatible with key spec ${SYMMETRIC_DEFAULT}.`;
  throw new KmsError('InvalidKeyUsageException', message);
}
