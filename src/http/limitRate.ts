import { XksError } from '../xks/errors.ts';
import type { BlockList } from '../blocks/blockList.ts';
import { isKeyStoreBlocked } from './refuseBlocked.ts';
import { known, type Step } from './exchange.ts';

/** Takes the request from the quota of its key store. Spec, "Error codes": ThrottlingException when it is used up. */
export function limitRate(blockList: () => BlockList): Step {
  return (exchange) => {
    const keyStore = known(exchange.keyStore);
    // What is refused anyway is told why.
    if (isKeyStoreBlocked(keyStore, blockList())) return;
    if (keyStore.quota?.take() === false)
      throw new XksError('ThrottlingException', "The key store's quota of requests per second is exceeded.");
  };
}
