import type { RequestHandler } from 'express';
import type { KeyManager } from '../hsm/keyManager.ts';
import type { ExternalKey } from '../operations/externalKey.ts';
import { exchangeOf, known, type Exchange } from './exchange.ts';
import { sendJson } from './sendJson.ts';

/** An operation on one external key; `message` is what the API's own parser made. */
export type KeyOperation<Message> = (keyManager: KeyManager, key: ExternalKey, message: Message) => Promise<object>;

/** The last step of a request for a key: gives it to the key manager of the key store, and sends the answer. */
export function operate<Message extends Exchange['message']>(operation: KeyOperation<Message>): RequestHandler {
  return answer((exchange) => {
    const { keyManager } = known(exchange.keyStore);
    exchange.keyManager = keyManager.name;
    return operation(keyManager, known(exchange.key), exchange.message as Message);
  });
}

/** The last step of any request: sends what `operation` returns. */
export function answer(operation: (exchange: Exchange) => object | Promise<object>): RequestHandler {
  return async (_req, res) => {
    sendJson(res, 200, await operation(known(exchangeOf(res))));
  };
}
