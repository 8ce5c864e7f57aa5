import type { KmsKey } from '../state/records.ts';
import type { ExternalCiphertext } from '../xksProxy/xksProxyClient.ts';
import { writeCiphertextBlob } from './ciphertextBlob.ts';

/** The use of a KMS key that can be used now. `context` is canonical. The methods throw KmsError, or reject with it. */
export interface KeyUse {
  readonly key: KmsKey;
  readonly kmsOperation: string;
  /** Encrypts a plaintext of at most 4,096 bytes. */
  encrypt(plaintext: Buffer, context: Buffer): Promise<ExternalCiphertext>;
  /** Decrypts a ciphertext that `encrypt` made with the same key and context. */
  decrypt(sealed: ExternalCiphertext, context: Buffer): Promise<Buffer>;
  /** Returns the id of the key material that made a ciphertext. Keys in custom key stores do not have this method. */
  keyMaterialId?(sealed: ExternalCiphertext): string;
}

/** Encrypts a plaintext to a CiphertextBlob. Rejects with KmsError. */
export async function encryptToBlob(
  use: KeyUse,
  plaintext: Buffer,
  context: Buffer,
): Promise<{ readonly blob: Buffer; readonly keyMaterialId: string | undefined }> {
  const sealed = await use.encrypt(plaintext, context);
  const blob = writeCiphertextBlob({ keyId: use.key.keyId, sealed });
  return { blob, keyMaterialId: use.keyMaterialId?.(sealed) };
}
