import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { keyIdToBytes } from './keyIdBytes.ts';

const ALGORITHM = 'aes-256-gcm';
export const INNER_IV_BYTES = 12;
const TAG_BYTES = 16;

/** A KMS key and its key material of 32 bytes. */
export interface KeyWithMaterial {
  readonly keyId: string;
  readonly keyMaterial: KeyObject;
}

/** Number of bytes that the inner layer adds to a plaintext. */
export const INNER_LAYER_BYTES = INNER_IV_BYTES + TAG_BYTES;

/**
 * Encrypts as KMS itself does, which is the inner layer of double encryption. This is AES-256-GCM with the key material of the KMS key,
 * bound to the key's id and to the encryption context. Returns IV, tag and ciphertext.
 */
export function sealInnerLayer(key: KeyWithMaterial, plaintext: Buffer, context: Buffer): Buffer {
  const iv = randomBytes(INNER_IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.keyMaterial, iv).setAAD(innerAad(key, context));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/** Decrypts the inner layer. Throws an Error if the bytes were not sealed with this key and context. */
export function openInnerLayer(key: KeyWithMaterial, sealed: Buffer, context: Buffer): Buffer {
  const iv = sealed.subarray(0, INNER_IV_BYTES);
  const tag = sealed.subarray(INNER_IV_BYTES, INNER_LAYER_BYTES);
  const ciphertext = sealed.subarray(INNER_LAYER_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key.keyMaterial, iv, { authTagLength: TAG_BYTES })
    .setAAD(innerAad(key, context))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function innerAad({ keyId }: KeyWithMaterial, context: Buffer): Buffer {
  return Buffer.concat([keyIdToBytes(keyId), context]);
}
