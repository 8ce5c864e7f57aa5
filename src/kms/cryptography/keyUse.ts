import type { KmsKey } from '../state/records.ts';
import type { ExternalCiphertext } from '../xksProxy/xksProxyClient.ts';
import { writeCiphertextBlob } from './ciphertextBlob.ts';

/** A KMS key that may be used now. `context` is canonical. Both methods reject with KmsError. */
export interface KeyUse {
  readonly key: KmsKey;
  readonly kmsOperation: string;
  /** Encrypts a plaintext of at most 4,096 bytes. */
  encrypt(plaintext: Buffer, context: Buffer): Promise<ExternalCiphertext>;
  /** The plaintext of what `encrypt` made with the same key and context. */
  decrypt(sealed: ExternalCiphertext, context: Buffer): Promise<Buffer>;
}

/** The CiphertextBlob of a plaintext. Rejects with KmsError. */
export async function encryptToBlob(use: KeyUse, plaintext: Buffer, context: Buffer): Promise<Buffer> {
  return writeCiphertextBlob({ keyId: use.key.keyId, sealed: await use.encrypt(plaintext, context) });
}
