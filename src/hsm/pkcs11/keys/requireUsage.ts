import { XksError } from '../../../xks/errors.ts';
import type { SecretKey } from './secretKey.ts';

/**
 * Throws InvalidKeyUsageException unless the key is an AES-256 key that permits this usage. Not every token enforces this, and
 * asking the token would take a session.
 */
export function requireUsage({ description: { keySpec, keyUsage } }: SecretKey, usage: 'ENCRYPT' | 'DECRYPT'): void {
  if (keySpec !== 'AES_256') {
    throw new XksError('InvalidKeyUsageException', `The external key is ${keySpec}: only AES_256 can be used.`);
  }
  if (!keyUsage.includes(usage)) {
    throw new XksError('InvalidKeyUsageException', `The external key does not permit ${usage}.`);
  }
}
