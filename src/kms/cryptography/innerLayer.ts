import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ExternalKey } from '../state/records.ts';
import { keyIdToBytes } from './keyIdBytes.ts';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What the inner layer adds to a plaintext. */
export const INNER_LAYER_BYTES = IV_BYTES + TAG_BYTES;

/**
 * KMS's own layer of the double encryption: AES-256-GCM under the key material of the KMS key, bound to the key's id and to
 * the encryption context. Gives IV, tag and ciphertext.
 */
export function sealInnerLayer(key: ExternalKey, plaintext: Buffer, context: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.keyMaterial, iv).setAAD(innerAad(key, context));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/** Throws an Error if the bytes are not those that were sealed with this key and context. */
export function openInnerLayer(key: ExternalKey, sealed: Buffer, context: Buffer): Buffer {
  const iv = sealed.subarray(0, IV_BYTES);
  const tag = sealed.subarray(IV_BYTES, INNER_LAYER_BYTES);
  const ciphertext = sealed.subarray(INNER_LAYER_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key.keyMaterial, iv, { authTagLength: TAG_BYTES })
    .setAAD(innerAad(key, context))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function innerAad({ keyId }: ExternalKey, context: Buffer): Buffer {
  return Buffer.concat([keyIdToBytes(keyId), context]);
}
