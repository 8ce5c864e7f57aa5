import { MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES } from '../limits.ts';
import {
  atMost,
  mustBe,
  optionalBytes,
  optionalString,
  requiredBytes,
  requiredString,
  type JsonObject,
} from './fields.ts';
import type { MessageType } from './messageType.ts';

/** Spec, "Encrypt". Fields of bytes are decoded; an absent additionalAuthenticatedData is the same input as an empty one. */
export interface EncryptRequest {
  readonly plaintext: Buffer;
  readonly additionalAuthenticatedData: Buffer;
  /** Whether the caller requests a ciphertextDataIntegrityValue. */
  readonly wantsCdiv: boolean;
}

export interface EncryptResponse {
  readonly ciphertext: string;
  readonly initializationVector: string;
  readonly authenticationTag: string;
  readonly ciphertextMetadata?: string | undefined;
  readonly ciphertextDataIntegrityValue?: string | undefined;
}

export const encryptRequest: MessageType<EncryptRequest> = {
  requiredMetadata: ['awsPrincipalArn', 'kmsKeyArn'],
  parse: (body) => {
    checkEncryptionAlgorithm(body);
    return {
      plaintext: atMost(MAX_PLAINTEXT_BYTES, 'plaintext', requiredBytes(body, 'plaintext')),
      additionalAuthenticatedData: parseAad(body) ?? Buffer.alloc(0),
      wantsCdiv: parseCdivAlgorithm(body),
    };
  },
};

export function parseAad(body: JsonObject): Buffer | undefined {
  const aad = optionalBytes(body, 'additionalAuthenticatedData');
  return aad && atMost(MAX_AAD_BYTES, 'additionalAuthenticatedData', aad);
}

// Spec, "Encrypt" and "Decrypt": "For the v1 specification, this MUST be AES_GCM."
export function checkEncryptionAlgorithm(body: JsonObject): void {
  mustBe('AES_GCM', 'encryptionAlgorithm', requiredString(body, 'encryptionAlgorithm'));
}

function parseCdivAlgorithm(body: JsonObject): boolean {
  const field = 'ciphertextDataIntegrityValueAlgorithm';
  const given = optionalString(body, field);
  return given !== undefined && mustBe('SHA_256', field, given);
}
