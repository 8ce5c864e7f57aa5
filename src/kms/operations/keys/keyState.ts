import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore, KmsKey, StoredKeyState } from '../../state/records.ts';

/** Spec, "KMS Considerations": CreateKey and cryptographic operations say so of a key store that is not CONNECTED. */
export const NOT_CONNECTED =
  'This KMS key is in a custom key store that is not connected to its external key store proxy. ' +
  'Connect the external key store and try the request again.';

/**
 * The KeyState that is shown. A key stays PendingDeletion when its key store is disconnected, so that its deletion can be
 * cancelled. AWS KMS Developer Guide, "Key states of AWS KMS keys".
 */
export function keyStateOf(kms: LocalKms, key: KmsKey): StoredKeyState | 'Unavailable' {
  if (key.state === 'PendingDeletion') return key.state;
  return connectedStoreOf(kms, key) ? key.state : 'Unavailable';
}

/**
 * The key store of a key that can be used now. Throws DisabledException or KMSInvalidStateException, as cryptographic
 * operations do.
 */
export function requireUsable(kms: LocalKms, key: KmsKey): CustomKeyStore {
  requireNotPendingDeletion(kms, key);
  const arn = keyArn(kms.identity, key.keyId);
  const store = connectedStoreOf(kms, key);
  if (!store) throw new KmsError('KMSInvalidStateException', `${arn} is unavailable. ${NOT_CONNECTED}`);
  if (key.state === 'Disabled') throw new KmsError('DisabledException', `${arn} is disabled.`);
  return store;
}

/** Throws KMSInvalidStateException. */
export function requireNotPendingDeletion({ identity }: LocalKms, { keyId, state }: KmsKey): void {
  if (state !== 'PendingDeletion') return;
  throw new KmsError('KMSInvalidStateException', `${keyArn(identity, keyId)} is pending deletion.`);
}

function connectedStoreOf({ state }: LocalKms, { customKeyStoreId }: KmsKey): CustomKeyStore | undefined {
  const store = state.customKeyStores.find(customKeyStoreId);
  return store?.connectionState === 'CONNECTED' ? store : undefined;
}
