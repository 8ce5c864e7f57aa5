import type { Client, Exchange } from './exchange.ts';

/** Requests that have arrived and not ended: their records are not written, or their answers not taken by the clients. */
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

  /** Resolves when there are no open exchanges. */
  async idle(): Promise<void> {
    if (this.#open.size === 0) return;
    this.#idle ??= Promise.withResolvers<undefined>();
    await this.#idle.promise;
  }
}
