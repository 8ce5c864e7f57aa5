import { withFailover } from '../keyStores/failover.ts';
import type { KeyManager } from '../hsm/keyManager.ts';
import type { ExternalKey, KeyVersion } from '../operations/externalKey.ts';
import { jsonAnswer } from './answer.ts';
import { known, type Exchange, type ParsedExchange, type Step } from './exchange.ts';

/** The response of an operation. The record shows only this member. */
type Result = object & { readonly ciphertextDataIntegrityValue?: string | undefined };

/**
 * The last step of a request for a key. It passes the operation to a key manager of the key store that can serve, and makes the
 * answer. `versionOf` returns the key version that the operation uses.
 */
export function operate<Message>(
  operation: (keyManager: KeyManager, key: ExternalKey, message: Message, deadline: number) => Promise<Result>,
  versionOf: (key: ExternalKey, message: Message) => KeyVersion,
): Step<ParsedExchange<Message>> {
  const clock = () => performance.now();
  return async (exchange) => {
    const key = known(exchange.key);
    const message = known(exchange.message);
    exchange.keyVersion = versionOf(key, message);
    const startedAt = clock();
    try {
      const result = await withFailover(known(exchange.keyStore).keyManagers, clock, (keyManager, deadline) => {
        exchange.keyManager = keyManager.name;
        return operation(keyManager, key, message, deadline);
      });
      exchange.ciphertextDataIntegrityValue = result.ciphertextDataIntegrityValue;
      exchange.answer = jsonAnswer(200, result);
    } finally {
      exchange.hsmMs = clock() - startedAt;
    }
  };
}

/** The last step of a request without a key. It makes an answer from the result of `operation`. */
export function answer(operation: (exchange: Exchange) => object): Step {
  return (exchange) => {
    exchange.answer = jsonAnswer(200, operation(exchange));
  };
}
