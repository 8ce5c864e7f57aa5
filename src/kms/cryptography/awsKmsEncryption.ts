import type { LocalKms } from '../localKms.ts';
import type { AwsKmsKey, KeyMaterial } from '../state/records.ts';
import { invalidCiphertext, requireFormat } from './ciphertextBlob.ts';
import { INNER_IV_BYTES, INNER_LAYER_BYTES, openInnerLayer, sealInnerLayer } from './innerLayer.ts';
import type { KeyUse } from './keyUse.ts';

// Number of bytes of the key material's id that the metadata of a ciphertext holds.
const ID_BYTES = 16;

/** Returns the use of a key whose Origin is AWS_KMS. It encrypts with the newest key material and decrypts with any. */
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
      // With a longer IV, bytes of the tag could be moved into the IV, and another blob would decrypt to the same plaintext.
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
