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
  /** Milliseconds from one check of a key store to the next. */
  readonly healthCheckMs: number;
}

/**
 * Asks the proxies of connected key stores for their health, and clusters for key material, again and again. A key store whose proxy
 * or cluster fails stays CONNECTED: the answers are for metrics, the log, and the states of keys.
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

  async #check(store: CustomKeyStore): Promise<void> {
    const { customKeyStoreId } = store;
    this.#running.add(customKeyStoreId);
    try {
      if (store.customKeyStoreType === 'AWS_CLOUDHSM') await checkKeyMaterial(this.#kms, store);
      else await this.#askProxy(store);
    } catch (error) {
      // Failures of proxies are in the log already, as are those of all requests to them.
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
