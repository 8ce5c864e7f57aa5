import type { Request } from 'express';
import type { Exchange, ParsedExchange, Step } from './exchange.ts';

/** The steps of each API, in order. `Messages`: by API, the type of message that its parser gives and its operation takes. */
export type Routes<Messages> = {
  readonly [Api in keyof Messages]: readonly Step<ParsedExchange<Messages[Api]>>[];
};

/** Takes an exchange through the steps of an API. Throws what a step throws. */
export async function follow<Messages>(
  routes: Routes<Messages>,
  api: keyof Messages,
  exchange: Exchange,
  req: Request,
): Promise<void> {
  const unparsed: ParsedExchange<Messages[keyof Messages]> = exchange;
  for (const step of routes[api]) {
    const running = step(unparsed, req);
    // An await, even of nothing, is a turn of the microtask queue.
    if (running instanceof Promise) await running;
  }
}
