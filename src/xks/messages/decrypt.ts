import { XksError } from '../errors.ts';
import { IV_BYTES, MAX_CIPHERTEXT_METADATA_BYTES, MAX_PLAINTEXT_BYTES, TAG_BYTES } from '../limits.ts';
import { checkEncryptionAlgorithm, parseAad } from './encrypt.ts';
import { atMost, optionalBytes, requiredBytes, type JsonObject } from './fields.ts';
import type { MessageType } from './messageType.ts';

/** Spec, "Decrypt". Fields of bytes are decoded; an absent ciphertextMetadata is empty. */
export interface DecryptRequest {
  readonly ciphertext: Buffer;
  /** 12 or 16 bytes. */
  readonly initializationVector: Buffer;
  /** 16 bytes. */
  readonly authenticationTag: Buffer;
  /** Undefined when absent. An absent AAD is the same input as an empty one, except in the format of AWS's sample proxy. */
  readonly additionalAuthenticatedData: Buffer | undefined;
  /** At most 20 bytes. */
  readonly ciphertextMetadata: Buffer;
}

export interface DecryptResponse {
  readonly plaintext: string;
}

export const decryptRequest: MessageType<DecryptRequest> = {
  requiredMetadata: ['awsPrincipalArn', 'kmsKeyArn'],
  parse: (body) => {
    checkEncryptionAlgorithm(body);
    return {
      ciphertext: atMost(MAX_PLAINTEXT_BYTES, 'ciphertext', requiredBytes(body, 'ciphertext')),
      initializationVector: bytesOfLength(body, 'initializationVector', IV_BYTES),
      authenticationTag: bytesOfLength(body, 'authenticationTag', [TAG_BYTES]),
      additionalAuthenticatedData: parseAad(body),
      ciphertextMetadata: parseCiphertextMetadata(body),
    };
  },
};

// Spec, "Decrypt": the length of the IV "MUST be 12 bytes or 16 bytes", the tag's "MUST be 16 bytes"; "Error codes": an
// invalid one is an InvalidCiphertextException.
function bytesOfLength(body: JsonObject, field: string, lengths: readonly number[]): Buffer {
  const bytes = requiredBytes(body, field);
  if (lengths.includes(bytes.length)) return bytes;
  throw new XksError('InvalidCiphertextException', `${field} must have ${lengths.join(' or ')} bytes.`);
}

// Spec, "Decrypt": "the size of the field MUST NOT exceed 20 bytes (before Base64 encoding)".
function parseCiphertextMetadata(body: JsonObject): Buffer {
  const metadata = optionalBytes(body, 'ciphertextMetadata') ?? Buffer.alloc(0);
  if (metadata.length <= MAX_CIPHERTEXT_METADATA_BYTES) return metadata;
  throw new XksError(
    'ValidationException',
    `ciphertextMetadata must have at most ${MAX_CIPHERTEXT_METADATA_BYTES} bytes.`,
  );
}
