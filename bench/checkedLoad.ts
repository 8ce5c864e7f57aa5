import type { Body, Probe } from '../test/support/knownKey.ts';
import type { Outcome } from './faultClasses.ts';

export interface Answer {
  readonly status: number;
  readonly body: Body;
}

/** Target of the load. */
export interface Asked<P extends Probe> {
  /** Returns the next request of this operation. */
  probe(operation: Probe['operation']): P;
  /** Sends it. Throws if there is no complete answer. */
  ask(probe: P): Promise<Answer>;
}

export interface Sent {
  /** Milliseconds, by performance.now(). */
  readonly at: number;
  /** Milliseconds until its outcome. */
  readonly took: number;
  readonly outcome: Outcome;
  /** Error from `ask`, if there is no answer. */
  readonly error?: unknown;
}

const TICK_MS = 5;

/** Sends encryptions with CDIV and decryptions in turn, at a rate that does not depend on the answers, and checks each answer. */
export class CheckedLoad<P extends Probe> {
  readonly sent: Sent[] = [];
  readonly #asked: Asked<P>;
  readonly #running = new Set<Promise<unknown>>();
  readonly #timer: NodeJS.Timeout;
  #begun = 0;

  /** Starts the load. `rate` is in requests per second. */
  constructor(asked: Asked<P>, rate: number) {
    this.#asked = asked;
    const startedAt = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * rate;
      while (this.#begun < due) this.#begin();
    }, TICK_MS);
  }

  /** Sends no more requests. Resolves when all that were sent have their outcome. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #begin(): void {
    this.#begun += 1;
    const operation = this.#begun % 2 === 0 ? 'encrypt' : 'decrypt';
    const probe = this.#asked.probe(operation);
    const running = outcomeOf(probe, () => this.#asked.ask(probe))
      .then((sent) => this.sent.push(sent))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

/** Sends a request and checks the answer. Never throws. */
export async function outcomeOf(probe: Probe, send: () => Promise<Answer>): Promise<Sent> {
  const at = performance.now();
  const result = await send().then(
    ({ status, body }) => ({ outcome: status === 200 ? judge(probe, body) : String(body['errorName']) }),
    (error: unknown) => ({ outcome: 'no answer', error }),
  );
  return { at, took: performance.now() - at, ...result };
}

function judge(probe: Probe, answer: Body): Outcome {
  try {
    probe.prove(answer);
    return 'ok';
  } catch {
    return 'wrong answer';
  }
}
