import { withFailover } from '../hsm/failover.ts';
import type { KeyManager } from '../hsm/keyManager.ts';
import type { ExternalKey } from '../operations/externalKey.ts';
import { known, type Exchange, type Step } from './exchange.ts';
import { sendJson } from './sendJson.ts';

/** The last step of a request for a key: gives it to a key manager of the key store that can serve, and sends the answer. */
export function operate(
  operation: (keyManager: KeyManager, key: ExternalKey, message: never, deadline: number) => Promise<object>,
): Step {
  const clock = () => performance.now();
  return async (exchange, _req, res) => {
    const key = known(exchange.key);
    const result = await withFailover(known(exchange.keyStore).keyManagers, clock, (keyManager, deadline) => {
      exchange.keyManager = keyManager.name;
      // The route table pairs an operation with the parser of its messages.
      return operation(keyManager, key, exchange.message as never, deadline);
    });
    sendJson(res, 200, result);
  };
}

/** The last step of a request that is for no key: sends what `operation` returns. */
export function answer(operation: (exchange: Exchange) => object): Step {
  return (exchange, _req, res) => {
    sendJson(res, 200, operation(exchange));
  };
}
