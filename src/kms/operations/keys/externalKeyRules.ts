import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { ExternalKeyStore } from '../../state/records.ts';
import type { ExternalKeyMetadata } from '../../xksProxy/xksProxyClient.ts';
import { findStoreForKey } from './findStoreForKey.ts';

/**
 * Returns the key store if it is connected and has no KMS key over this external key. Throws CustomKeyStoreNotFoundException,
 * CustomKeyStoreInvalidStateException or XksKeyAlreadyInUseException.
 */
export function requireFreeExternalKey(kms: LocalKms, customKeyStoreId: string, xksKeyId: string): ExternalKeyStore {
  const store = findStoreForKey(kms, customKeyStoreId, 'EXTERNAL_KEY_STORE');
  if (kms.state.keys.findByXksKeyId(customKeyStoreId, xksKeyId)) {
    throw new KmsError(
      'XksKeyAlreadyInUseException',
      `The external key ${xksKeyId} is in use: this external key store already has a KMS key for it.`,
    );
  }
  return store;
}

/** Throws XksKeyInvalidConfigurationException. AWS KMS Developer Guide, "CreateKey errors for the external key". */
export function requireSuitableExternalKey({ keySpec, keyStatus, keyUsage }: ExternalKeyMetadata): void {
  if (keySpec !== 'AES_256') {
    throw unsuitable(
      `The key spec of the external key must be AES_256. The key spec of specified external key is ${keySpec}.`,
    );
  }
  if (keyStatus !== 'ENABLED') {
    throw unsuitable(
      `The status of the external key must be ENABLED. The status of specified external key is ${keyStatus}.`,
    );
  }
  if (!keyUsage.includes('ENCRYPT') || !keyUsage.includes('DECRYPT')) {
    throw unsuitable(
      'The key usage of the external key must include ENCRYPT and DECRYPT. ' +
        `The key use of specified external key is ${keyUsage.join(', ')}.`,
    );
  }
}

function unsuitable(message: string): KmsError {
  return new KmsError('XksKeyInvalidConfigurationException', message);
}
