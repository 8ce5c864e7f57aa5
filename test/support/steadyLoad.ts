import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { encryptBody, paths } from './messages.ts';
import type { Answer, RunningProxy, SendOptions } from './runningProxy.ts';

export interface LoadOutcome {
  readonly sent: number;
  /** Answers by status, and connection failures by code. */
  readonly outcomes: ReadonlyMap<number | string, number>;
}

// Without the pause, the load would delay the events that a test awaits.
const PAUSE_MS = 10;

/**
 * Clients that each send one signed encrypt after another on their own connection, with a pause in between, until
 * stopped. `optionsOf` is called before each request.
 */
export class SteadyLoad {
  readonly #proxy: RunningProxy;
  readonly #clients: Promise<void>[];
  readonly #outcomes = new Map<number | string, number>();
  #sent = 0;
  #stopped = false;

  constructor(proxy: RunningProxy, clients: number, optionsOf: () => SendOptions = () => ({})) {
    this.#proxy = proxy;
    this.#clients = Array.from({ length: clients }, () => this.#send(optionsOf));
  }

  get sent(): number {
    return this.#sent;
  }

  /** Resolves when all answers have been received. */
  async stop(): Promise<LoadOutcome> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return { sent: this.#sent, outcomes: this.#outcomes };
  }

  async #send(optionsOf: () => SendOptions): Promise<void> {
    const options = { keepAlive: true, maxSockets: 1 };
    const agent = this.#proxy.origin.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
    while (!this.#stopped) {
      this.#sent += 1;
      const outcome = await this.#proxy.post(paths.encrypt, encryptBody, { agent, ...optionsOf() }).then(
        ({ status }: Answer) => status,
        (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown',
      );
      this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  }
}
