import { cryptographicError } from '../failures/kmsErrorOf.ts';
import { KmsError } from '../kmsError.ts';
import type { ExternalKey } from '../state/records.ts';
import type { XksCall, XksProxyClient } from '../xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { requireFormat } from './ciphertextBlob.ts';
import { INNER_LAYER_BYTES, openInnerLayer, sealInnerLayer } from './innerLayer.ts';
import type { KeyUse } from './keyUse.ts';

/**
 * Double encryption, first with the key material of the KMS key, then with its external key. The context alone is the
 * additionalAuthenticatedData of the outer layer, so that what the proxy sees is what the caller said: the KMS key is bound by the
 * inner layer. AWS KMS Developer Guide, "Double encryption". Rejects with what cryptographicError makes of a failure of the proxy.
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
          { detail: 'The inner layer does not open.' },
        );
      }
    },
  };
}

function throwKmsError(error: unknown): never {
  throw error instanceof XksProxyFailure ? cryptographicError(error) : error;
}
