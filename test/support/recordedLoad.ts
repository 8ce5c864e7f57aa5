import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { encryptBody, paths } from './messages.ts';
import type { RunningProxy } from './runningProxy.ts';

// Without the pause, the load would delay the events that a test awaits.
const PAUSE_MS = 5;

/**
 * Clients that each send one Encrypt after another, with a pause and a kmsRequestId for each, until stopped. Plain
 * HTTP.
 */
export class RecordedLoad {
  /** Status of all answered requests, by kmsRequestId. */
  readonly answers = new Map<string, number>();
  /** Milliseconds until each answer that was not a success. */
  readonly refusedAfterMs: number[] = [];
  readonly #proxy: Pick<RunningProxy, 'post'>;
  readonly #clients: Promise<void>[];
  #stopped = false;

  constructor(proxy: Pick<RunningProxy, 'post'>, clients: number) {
    this.#proxy = proxy;
    this.#clients = Array.from({ length: clients }, () => this.#send());
  }

  /** kmsRequestIds of requests answered with 200. */
  get successes(): string[] {
    return [...this.answers].filter(([, status]) => status === 200).map(([id]) => id);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #send(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) {
      const kmsRequestId = crypto.randomUUID();
      const requestMetadata = { ...encryptBody.requestMetadata, kmsRequestId };
      const body = { ...encryptBody, requestMetadata, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' };
      const sentAt = performance.now();
      try {
        const { status } = await this.#proxy.post(paths.encrypt, body, { agent });
        this.answers.set(kmsRequestId, status);
        if (status !== 200) this.refusedAfterMs.push(performance.now() - sentAt);
      } catch {
        // The client's process or the proxy has ended.
      }
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  }
}
