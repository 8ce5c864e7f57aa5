import type { Request } from 'express';
import type { Exchange, ParsedExchange, Step } from './exchange.ts';

/**
 * The steps of each API, in order. `Messages` maps each API to the type of message that its parser returns and its operation
 * takes.
 */
export type Routes<Messages> = {
  readonly [Api in keyof Messages]: readonly Step<ParsedExchange<Messages[Api]>>[];
};

/** Runs the steps of an API on an exchange. Throws the error of the step that throws. */
export async function follow<Messages>(
  routes: Routes<Messages>,
  api: keyof Messages,
  exchange: Exchange,
  req: Request,
): Promise<void> {
  const unparsed: ParsedExchange<Messages[keyof Messages]> = exchange;
  for (const step of routes[api]) {
    const running = step(unparsed, req);
    // Even an await of nothing costs a turn of the microtask queue.
    if (running instanceof Promise) await running;
  }
}
