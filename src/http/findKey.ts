import type { BlockList } from '../blocks/blockList.ts';
import { XksError } from '../xks/errors.ts';
import { known, type Step } from './exchange.ts';

/** Finds the external key of the path among those of its key store. Spec, "Error codes". */
export function findKey(blockList: () => BlockList): Step {
  return (exchange) => {
    const keyStore = known(exchange.keyStore);
    const externalKeyId = known(exchange.externalKeyId);
    const key = keyStore.keys.get(externalKeyId);
    if (!key) throw new XksError('KeyNotFoundException', 'This key store has no external key with this id.');
    if (key.status === 'blocked' || blockList().has({ keyStore: keyStore.name, externalKeyId }))
      throw new XksError('InvalidStateException', 'The external key is blocked by the proxy.');
    exchange.key = key;
  };
}
