import { hash } from 'node:crypto';

export interface CdivInput {
  readonly aad: Uint8Array;
  readonly ciphertextMetadata: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/**
 * Computes the ciphertextDataIntegrityValue (CDIV): Base64 of SHA-256 over the decoded fields in this order. Absent fields are empty.
 * Spec, Appendix C.
 */
export function computeCdiv({ aad, ciphertextMetadata, iv, ciphertext, tag }: CdivInput): string {
  return hash('sha256', Buffer.concat([aad, ciphertextMetadata, iv, ciphertext, tag]), 'base64');
}
