import type { LocalKms } from '../localKms.ts';
import type { AwsKmsKey, KeyMaterial } from '../state/records.ts';
import { invalidCiphertext, requireFormat } from './ciphertextBlob.ts';
import { INNER_IV_BYTES, INNER_LAYER_BYTES, openInnerLayer, sealInnerLayer } from './innerLayer.ts';
import type { KeyUse } from './keyUse.ts';

// The metadata of a ciphertext has so much of the id of its key material, in bytes.
const ID_BYTES = 16;

/** Encryption with the latest key material of a key whose Origin is AWS_KMS, and decryption with any. */
export function useAwsKmsKey({ state }: Pick<LocalKms, 'state'>, key: AwsKmsKey, kmsOperation: string): KeyUse {
  const { keyId } = key;
  const materials = state.keyMaterials.list(keyId);
  const findMaterial = (idPart: Buffer): KeyMaterial => {
    const found = materials.find((material) => idPartOf(material).equals(idPart));
    if (!found) throw invalidCiphertext();
    return found;
  };
  return {
    key,
    kmsOperation,
    encrypt: (plaintext, context) => {
      const current = materials.at(-1);
      if (!current) throw new Error(`${keyId} has no key material`);
      const sealed = sealInnerLayer({ keyId, keyMaterial: current.secret }, plaintext, context);
      return Promise.resolve({
        initializationVector: sealed.subarray(0, INNER_IV_BYTES),
        authenticationTag: sealed.subarray(INNER_IV_BYTES, INNER_LAYER_BYTES),
        ciphertextMetadata: idPartOf(current),
        ciphertext: sealed.subarray(INNER_LAYER_BYTES),
      });
    },
    decrypt: ({ initializationVector, authenticationTag, ciphertextMetadata, ciphertext }, context) => {
      const { secret: keyMaterial } = findMaterial(ciphertextMetadata);
      // A longer one would take the place of the beginning of the tag, in another blob of the same ciphertext.
      requireFormat(initializationVector.length === INNER_IV_BYTES);
      try {
        const sealed = Buffer.concat([initializationVector, authenticationTag, ciphertext]);
        return Promise.resolve(openInnerLayer({ keyId, keyMaterial }, sealed, context));
      } catch {
        throw invalidCiphertext();
      }
    },
    keyMaterialId: ({ ciphertextMetadata }) => findMaterial(ciphertextMetadata).keyMaterialId,
  };
}

function idPartOf({ keyMaterialId }: KeyMaterial): Buffer {
  return Buffer.from(keyMaterialId, 'hex').subarray(0, ID_BYTES);
}
