import { createCipheriv } from 'node:crypto';

/** CKA_CHECK_VALUE of an AES-256 key, as PKCS#11 defines it: the first 3 bytes of an encrypted block of zeros. */
export function checkValueOf(key: Buffer): string {
  const block = createCipheriv('aes-256-ecb', key, null).update(Buffer.alloc(16));
  return block.subarray(0, 3).toString('hex').toUpperCase();
}
