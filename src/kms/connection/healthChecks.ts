import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import { checkKeyMaterial } from '../kmsUser/checkKeyMaterial.ts';
import type { LocalKms } from '../localKms.ts';
import type { CustomKeyStore, ExternalKeyStore } from '../state/records.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';

export interface HealthCheckOptions {
  readonly kms: Pick<LocalKms, 'state' | 'xksProxy' | 'kmsUser'>;
  readonly log: Logger;
  /** Interval between two checks of a key store, in milliseconds. */
  readonly healthCheckMs: number;
}

/**
 * Regularly asks the proxies of connected key stores for their health, and clusters for key material. A key store whose proxy or cluster
 * fails stays CONNECTED. The answers are used for metrics, the log and the states of keys.
 */
export class HealthChecks {
  readonly #kms: HealthCheckOptions['kms'];
  readonly #log: Logger;
  readonly #healthCheckMs: number;
  /** Ids of the key stores that are being checked. */
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
      // No other code would catch this error. The next check may be able to read the state.
      this.#log.error({ err: error }, 'the key stores cannot be read for their health checks');
      return [];
    }
  }

  async #check(store: CustomKeyStore): Promise<void> {
    const { customKeyStoreId } = store;
    this.#running.add(customKeyStoreId);
    try {
      if (store.customKeyStoreType === 'AWS_CLOUDHSM') await checkKeyMaterial(this.#kms, store);
      else await this.#askProxy(store);
    } catch (error) {
      // Failures of proxies are already logged, like those of all requests to proxies.
      if (error instanceof XksProxyFailure) return;
      if (error instanceof ClusterFailure)
        this.#log.warn({ customKeyStoreId, detail: error.message }, 'cluster failed');
      else this.#log.error({ customKeyStoreId, err: error }, 'health check failed');
    } finally {
      this.#running.delete(customKeyStoreId);
    }
  }

  async #askProxy({ customKeyStoreId, proxy }: ExternalKeyStore): Promise<void> {
    const requestMetadata = { kmsRequestId: randomUUID(), kmsOperation: 'KmsHealthCheck' };
    await this.#kms.xksProxy.getHealthStatus({ proxy, requestMetadata, customKeyStoreId });
  }
}
