import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { LocalKms } from '../localKms.ts';
import type { CustomKeyStore } from '../state/records.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';

export interface HealthCheckOptions {
  readonly kms: Pick<LocalKms, 'state' | 'xksProxy'>;
  readonly log: Logger;
  /** Milliseconds from one check of a key store to the next. */
  readonly healthCheckMs: number;
}

/**
 * Asks the proxies of connected key stores for their health, again and again. A key store whose proxy fails stays CONNECTED:
 * the answers are for metrics and the log.
 */
export class HealthChecks {
  readonly #kms: HealthCheckOptions['kms'];
  readonly #log: Logger;
  readonly #healthCheckMs: number;
  /** The ids of those that are being checked. */
  readonly #running = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ kms, log, healthCheckMs }: HealthCheckOptions) {
    this.#kms = kms;
    this.#log = log;
    this.#healthCheckMs = healthCheckMs;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#checkAll();
    }, this.#healthCheckMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #checkAll(): void {
    for (const store of this.#connected()) {
      if (!this.#running.has(store.customKeyStoreId)) void this.#check(store);
    }
  }

  #connected(): readonly CustomKeyStore[] {
    try {
      return this.#kms.state.customKeyStores.list().filter(({ connectionState }) => connectionState === 'CONNECTED');
    } catch (error) {
      // Nobody else would catch it; the next check may find the state again.
      this.#log.error({ err: error }, 'the key stores cannot be read for their health checks');
      return [];
    }
  }

  async #check({ customKeyStoreId, proxy }: CustomKeyStore): Promise<void> {
    this.#running.add(customKeyStoreId);
    const requestMetadata = { kmsRequestId: randomUUID(), kmsOperation: 'KmsHealthCheck' };
    try {
      await this.#kms.xksProxy.getHealthStatus({ proxy, requestMetadata, customKeyStoreId });
    } catch (error) {
      // Failures of proxies are in the log already, as are those of all requests to them.
      if (!(error instanceof XksProxyFailure)) this.#log.error({ customKeyStoreId, err: error }, 'health check failed');
    } finally {
      this.#running.delete(customKeyStoreId);
    }
  }
}
