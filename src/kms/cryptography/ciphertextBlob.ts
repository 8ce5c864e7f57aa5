import { IV_BYTES, MAX_CIPHERTEXT_METADATA_BYTES, TAG_BYTES } from '../../xks/limits.ts';
import { KmsError } from '../kmsError.ts';
import type { ExternalCiphertext } from '../xksProxy/xksProxyClient.ts';
import { INNER_LAYER_BYTES } from './innerLayer.ts';
import { KEY_ID_BYTES, keyIdFromBytes, keyIdToBytes } from './keyIdBytes.ts';

/** Content of a CiphertextBlob: the KMS key, and the ciphertext from its proxy or its cluster. */
export interface CiphertextBlob {
  readonly keyId: string;
  readonly sealed: ExternalCiphertext;
}

const FORMAT = 1;
const MIN_CIPHERTEXT_BYTES = 1;
const MAX_CIPHERTEXT_BYTES = 4096 + INNER_LAYER_BYTES;

/**
 * Encodes a CiphertextBlob: a format byte, the key id, the length of the IV and the IV, the tag, the length of the ciphertextMetadata and
 * the ciphertextMetadata, and the ciphertext. These are at most 4,195 bytes; KMS allows 6,144.
 */
export function writeCiphertextBlob({ keyId, sealed }: CiphertextBlob): Buffer {
  const { initializationVector, authenticationTag, ciphertextMetadata, ciphertext } = sealed;
  return Buffer.concat([
    Buffer.from([FORMAT]),
    keyIdToBytes(keyId),
    Buffer.from([initializationVector.length]),
    initializationVector,
    authenticationTag,
    Buffer.from([ciphertextMetadata.length]),
    ciphertextMetadata,
    ciphertext,
  ]);
}

/** Decodes a CiphertextBlob. Throws InvalidCiphertextException for bytes that `writeCiphertextBlob` does not write. */
export function readCiphertextBlob(blob: Buffer): CiphertextBlob {
  let offset = 0;
  const take = (length: number): Buffer => {
    const part = blob.subarray(offset, offset + length);
    requireFormat(part.length === length);
    offset += length;
    return part;
  };
  const takeByte = (): number => take(1).readUInt8();

  requireFormat(takeByte() === FORMAT);
  const keyId = keyIdFromBytes(take(KEY_ID_BYTES));
  const ivLength = takeByte();
  requireFormat(IV_BYTES.includes(ivLength));
  const initializationVector = take(ivLength);
  const authenticationTag = take(TAG_BYTES);
  const metadataLength = takeByte();
  requireFormat(metadataLength <= MAX_CIPHERTEXT_METADATA_BYTES);
  const ciphertextMetadata = take(metadataLength);
  const ciphertext = blob.subarray(offset);
  requireFormat(ciphertext.length >= MIN_CIPHERTEXT_BYTES && ciphertext.length <= MAX_CIPHERTEXT_BYTES);
  return { keyId, sealed: { initializationVector, authenticationTag, ciphertextMetadata, ciphertext } };
}

/** Throws InvalidCiphertextException if the condition is false. */
export function requireFormat(holds: boolean): void {
  if (!holds) throw invalidCiphertext();
}

export function invalidCiphertext(): KmsError {
  // No message, because AWS sends none either.
  return new KmsError('InvalidCiphertextException', '', { detail: 'not a ciphertext that this local KMS has made' });
}
