import type { MessageType } from '../xks/messages/messageType.ts';
import { parseRequestMetadata } from '../xks/messages/requestMetadata.ts';
import { parseJson } from '../xks/parseJson.ts';
import { known, type ParsedExchange, type Step } from './exchange.ts';

/** Parses the authenticated bytes: requestMetadata first, so that it is logged even if the rest is invalid. */
export function parseMessage<Message>({
  requiredMetadata,
  parse,
}: MessageType<Message>): Step<ParsedExchange<Message>> {
  return (exchange) => {
    const body = parseJson(known(exchange.body));
    exchange.requestMetadata = parseRequestMetadata(body, requiredMetadata);
    exchange.message = parse(body);
  };
}
