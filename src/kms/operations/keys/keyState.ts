import { keyArn } from '../../arn.ts';
import { clusterError } from '../../failures/kmsErrorOf.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKey, CustomKeyStore, KmsKey, StoredKeyState } from '../../state/records.ts';

const NOT_CONNECTED = {
  // Spec, "KMS Considerations".
  EXTERNAL_KEY_STORE:
    'This KMS key is in a custom key store that is not connected to its external key store proxy. ' +
    'Connect the external key store and try the request again.',
  AWS_CLOUDHSM:
    'This KMS key is in a custom key store that is not connected to its CloudHSM cluster. ' +
    'Connect the CloudHSM key store and try the request again.',
} as const;

/** Returns the message of CreateKey and cryptographic operations for a key store that is not CONNECTED. */
export function notConnected({ customKeyStoreType }: Pick<CustomKeyStore, 'customKeyStoreType'>): string {
  return NOT_CONNECTED[customKeyStoreType];
}

/**
 * Returns the KeyState to show. A key stays PendingDeletion when its key store is disconnected, so that its deletion can be cancelled. AWS
 * KMS Developer Guide, "Key states of AWS KMS keys".
 */
export function keyStateOf(kms: Pick<LocalKms, 'state'>, key: KmsKey): StoredKeyState | 'Unavailable' {
  if (key.state === 'PendingDeletion' || key.origin === 'AWS_KMS') return key.state;
  const isAvailable = storeOf(kms, key).connectionState === 'CONNECTED' && !isMaterialMissing(key);
  return isAvailable ? key.state : 'Unavailable';
}

/** Throws DisabledException or KMSInvalidStateException unless cryptographic operations can use the key now. */
export function requireUsable(kms: LocalKms, key: KmsKey): void {
  requireNotPendingDeletion(kms, key);
  if (key.origin !== 'AWS_KMS') requireAvailable(kms, key);
  requireEnabled(kms, key);
}

/** Throws KMSInvalidStateException. */
export function requireNotPendingDeletion({ identity }: Pick<LocalKms, 'identity'>, { keyId, state }: KmsKey): void {
  if (state !== 'PendingDeletion') return;
  throw new KmsError('KMSInvalidStateException', `${keyArn(identity, keyId)} is pending deletion.`);
}

/** Throws DisabledException. */
export function requireEnabled({ identity }: Pick<LocalKms, 'identity'>, { keyId, state }: KmsKey): void {
  if (state === 'Disabled') throw new KmsError('DisabledException', `${keyArn(identity, keyId)} is disabled.`);
}

function requireAvailable(kms: LocalKms, key: CustomKey): void {
  const store = storeOf(kms, key);
  if (store.connectionState !== 'CONNECTED') {
    const arn = keyArn(kms.identity, key.keyId);
    throw new KmsError('KMSInvalidStateException', `${arn} is unavailable. ${notConnected(store)}`);
  }
  if (isMaterialMissing(key)) throw clusterError('key not found');
}

type StoreOf<Key extends CustomKey> = Extract<CustomKeyStore, { readonly customKeyStoreType: Key['origin'] }>;

/** Returns the key store of a key. It always exists while the key exists. */
export function storeOf<Key extends CustomKey>(
  { state }: Pick<LocalKms, 'state'>,
  { keyId, customKeyStoreId, origin }: Key,
): StoreOf<Key> {
  const store = state.customKeyStores.find(customKeyStoreId);
  if (store?.customKeyStoreType !== origin) throw new Error(`the key store of ${keyId} is gone, or of another kind`);
  return store as StoreOf<Key>;
}

function isMaterialMissing(key: CustomKey): boolean {
  return key.origin === 'AWS_CLOUDHSM' && key.isMaterialMissing;
}
