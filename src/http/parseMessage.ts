import type { JsonObject } from '../xks/messages/fields.ts';
import { parseJson } from '../xks/parseJson.ts';
import type { Exchange, Step } from './exchange.ts';
import { bodyOf } from './readBody.ts';

/** Parses the authenticated bytes as the message of an API. */
export function parseMessage(parse: (body: JsonObject) => NonNullable<Exchange['message']>): Step {
  return (exchange, req) => {
    exchange.message = parse(parseJson(bodyOf(req)));
  };
}
