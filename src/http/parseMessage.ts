import type { MessageType } from '../xks/messages/messageType.ts';
import { parseRequestMetadata } from '../xks/messages/requestMetadata.ts';
import { parseJson } from '../xks/parseJson.ts';
import type { ParsedExchange, Step } from './exchange.ts';
import { bodyOf } from './readBody.ts';

/** Parses the authenticated bytes: requestMetadata first, so that it is logged even if the rest is invalid. */
export function parseMessage<Message>({
  requiredMetadata,
  parse,
}: MessageType<Message>): Step<ParsedExchange<Message>> {
  return (exchange, req) => {
    const body = parseJson(bodyOf(req));
    exchange.requestMetadata = parseRequestMetadata(body, requiredMetadata);
    exchange.message = parse(body);
  };
}
