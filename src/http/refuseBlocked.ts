import type { BlockList } from '../blocks/blockList.ts';
import type { KeyStore } from '../keyStores/keyStore.ts';
import { XksError } from '../xks/errors.ts';
import { known, type Step } from './exchange.ts';

/**
 * Refuses requests to a key store or for a key that the configuration or the block list blocks. Spec, "Error codes":
 * InvalidStateException applies to the key or the key store, and to every API.
 */
export function refuseBlocked(blockList: () => BlockList): Step {
  return ({ keyStore: found, externalKeyId }) => {
    const keyStore = known(found);
    const list = blockList();
    if (isKeyStoreBlocked(keyStore, list))
      throw new XksError('InvalidStateException', 'The key store is blocked by the proxy.');
    const key = externalKeyId === undefined ? undefined : keyStore.keys.get(externalKeyId);
    if (key && (key.status === 'blocked' || list.has({ keyStore: keyStore.name, externalKeyId: key.id })))
      throw new XksError('InvalidStateException', 'The external key is blocked by the proxy.');
  };
}

export function isKeyStoreBlocked({ name, status }: KeyStore, blockList: BlockList): boolean {
  return status === 'blocked' || blockList.has({ keyStore: name });
}
