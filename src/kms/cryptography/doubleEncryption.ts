import { cryptographicError } from '../failures/kmsErrorOf.ts';
import { KmsError } from '../kmsError.ts';
import type { ExternalKey } from '../state/records.ts';
import type { XksCall, XksProxyClient } from '../xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { requireFormat } from './ciphertextBlob.ts';
import { INNER_LAYER_BYTES, openInnerLayer, sealInnerLayer } from './innerLayer.ts';
import type { KeyUse } from './keyUse.ts';

/**
 * Returns the use of an external key with double encryption: first with the key material of the KMS key, then with the external key. The
 * inner layer binds the KMS key. The additionalAuthenticatedData of the outer layer is only the context, so that the proxy sees exactly
 * what the caller gave. AWS KMS Developer Guide, "Double encryption". A failure of the proxy rejects with its `cryptographicError`.
 */
export function useExternalKey(xksProxy: XksProxyClient, key: ExternalKey, call: XksCall): KeyUse {
  return {
    key,
    kmsOperation: call.requestMetadata.kmsOperation,
    encrypt: (plaintext, context) =>
      xksProxy.encrypt(call, key.xksKeyId, sealInnerLayer(key, plaintext, context), context).catch(throwKmsError),
    decrypt: async (sealed, context) => {
      requireFormat(sealed.ciphertext.length > INNER_LAYER_BYTES);
      const inner = await xksProxy.decrypt(call, key.xksKeyId, sealed, context).catch(throwKmsError);
      try {
        return openInnerLayer(key, inner, context);
      } catch {
        // AWS KMS Developer Guide, "Decryption errors".
        throw new KmsError(
          'KMSInvalidStateException',
          'The ciphertext that the external key store proxy submitted for decryption, or the encryption context, is corrupted, ' +
            'missing, or otherwise invalid.',
          { detail: 'The inner layer cannot be decrypted.' },
        );
      }
    },
  };
}

function throwKmsError(error: unknown): never {
  throw error instanceof XksProxyFailure ? cryptographicError(error) : error;
}
