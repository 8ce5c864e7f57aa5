import { cryptographicError } from '../failures/kmsErrorOf.ts';
import { KmsError } from '../kmsError.ts';
import type { KmsKey } from '../state/records.ts';
import type { ExternalCiphertext, XksCall, XksProxyClient } from '../xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { writeCiphertextBlob } from './ciphertextBlob.ts';
import { openInnerLayer, sealInnerLayer } from './innerLayer.ts';

/** A KMS key that may be used now, and how its proxy is called for that. */
export interface KeyUse {
  readonly key: KmsKey;
  readonly call: XksCall;
}

/**
 * Encrypts a plaintext of at most 4,096 bytes, first with the key material of the KMS key, then with its external key, and
 * gives the CiphertextBlob. `context` is canonical; alone it is the additionalAuthenticatedData of the outer layer, so that
 * what the proxy sees is what the caller said: the KMS key is bound by the inner layer.
 * AWS KMS Developer Guide, "Double encryption". Rejects with what cryptographicError makes of a failure of the proxy.
 */
export async function doubleEncrypt(
  xksProxy: XksProxyClient,
  { key, call }: KeyUse,
  plaintext: Buffer,
  context: Buffer,
): Promise<Buffer> {
  const inner = sealInnerLayer(key, plaintext, context);
  const sealed = await xksProxy.encrypt(call, key.xksKeyId, inner, context).catch(throwKmsError);
  return writeCiphertextBlob({ keyId: key.keyId, sealed });
}

/** The plaintext of what `doubleEncrypt` made with the same key and context. Rejects likewise. */
export async function doubleDecrypt(
  xksProxy: XksProxyClient,
  { key, call }: KeyUse,
  sealed: ExternalCiphertext,
  context: Buffer,
): Promise<Buffer> {
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
}

function throwKmsError(error: unknown): never {
  throw error instanceof XksProxyFailure ? cryptographicError(error) : error;
}
