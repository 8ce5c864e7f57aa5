import { XksError } from '../xks/errors.ts';
import type { BlockList } from '../blocks/blockList.ts';
import { isKeyStoreBlocked } from './refuseBlocked.ts';
import { known, type Step } from './exchange.ts';

/** Takes one request from the quota of its key store. Spec, "Error codes": ThrottlingException when the quota is used up. */
export function limitRate(blockList: () => BlockList): Step {
  return (exchange) => {
    const keyStore = known(exchange.keyStore);
    // Requests to a blocked key store get the refusal that says so, and not ThrottlingException.
    if (isKeyStoreBlocked(keyStore, blockList())) return;
    if (keyStore.quota?.take() === false)
      throw new XksError('ThrottlingException', "The key store's quota of requests per second is exceeded.");
  };
}
