import type { Outcome } from './faultClasses.ts';
import type { SupervisedProxy } from './supervisedProxy.ts';

export interface Sent {
  /** Milliseconds, by performance.now(). */
  readonly at: number;
  /** Milliseconds until its outcome. */
  readonly took: number;
  readonly outcome: Outcome;
}

const TICK_MS = 5;

/** Encryptions with CDIV and decryptions in turn, so many in a second whatever becomes of them, each answer checked. */
export class CheckedLoad {
  readonly sent: Sent[] = [];
  readonly #proxy: SupervisedProxy;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #begun = 0;

  /** Starts it. `rate`: requests in a second. */
  constructor(proxy: SupervisedProxy, rate: number) {
    this.#proxy = proxy;
    const startedAt = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * rate;
      while (this.#begun < due) this.#begin();
    }, TICK_MS);
  }

  /** Begins no more; resolves when all that were sent have their outcome. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #begin(): void {
    this.#begun += 1;
    const running = this.#ask(performance.now(), this.#begun % 2 === 0).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #ask(at: number, encrypt: boolean): Promise<void> {
    const probe = encrypt ? this.#proxy.key.encryptProbe() : this.#proxy.key.decryptProbe();
    const outcome = await this.#proxy.ask(probe).then(
      ({ status, body }) =>
        status === 200
          ? judge(() => {
              probe.prove(body);
            })
          : String(body['errorName']),
      () => 'no answer',
    );
    this.sent.push({ at, took: performance.now() - at, outcome });
  }
}

function judge(prove: () => void): Outcome {
  try {
    prove();
    return 'ok';
  } catch {
    return 'wrong answer';
  }
}
