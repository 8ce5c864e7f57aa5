import type { Client, Exchange } from './exchange.ts';

/** The requests that have come and not ended: not recorded yet, or their answers not taken. */
export class OpenExchanges {
  readonly #open = new Set<Exchange>();
  #idle: PromiseWithResolvers<undefined> | undefined;

  /** Opens the exchange of a request. */
  begin(client: Client): Exchange {
    const exchange: Exchange = {
      ...client,
      startedAt: performance.now(),
      onEnd: () => {
        this.#open.delete(exchange);
        if (this.#open.size === 0) this.#idle?.resolve(undefined);
      },
    };
    this.#open.add(exchange);
    return exchange;
  }

  /** Resolves when there is none. */
  async idle(): Promise<void> {
    if (this.#open.size === 0) return;
    this.#idle ??= Promise.withResolvers<undefined>();
    await this.#idle.promise;
  }
}
