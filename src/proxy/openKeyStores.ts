import type { Logger } from 'pino';
import { isSameValue } from '../config/sameValue.ts';
import type { Config } from '../config/schema/schema.ts';
import { KeyManagerFactory } from '../hsm/pkcs11/keyManagerFactory.ts';
import type { RefusedPins } from '../hsm/pkcs11/token/refusedPins.ts';
import { ReconnectingKeyManager } from '../hsm/pkcs11/reconnectingKeyManager.ts';
import type { KeyManager } from '../hsm/keyManager.ts';
import { HealthGuard } from '../keyStores/healthGuard.ts';
import type { KeyStore } from '../keyStores/keyStore.ts';
import { shareQuota } from '../keyStores/quota.ts';
import { openAllKeyManagers, openKeyManagers, type ManagedKeyManager } from './openKeyManagers.ts';
import { engineOf, makePolicyEngines, type PolicyEngines } from './policyEngines.ts';
import { inTurns } from '../timing/steps.ts';
import { reportUnusableKeys } from './reportUnusableKeys.ts';

export interface OpenKeyStores {
  readonly byUriPathPrefix: ReadonlyMap<string, KeyStore>;
  /**
   * Opens the key stores of another configuration. Unchanged key managers are shared, and the others are opened. Throws
   * Pkcs11Failure if one cannot be opened; then nothing is left open.
   */
  reopen(config: Config): Promise<OpenKeyStores>;
  /**
   * Releases the policies and the key managers, except those that `others` uses. These key stores must not be used afterwards.
   */
  close(others?: OpenKeyStores): Promise<void>;
}

const clock = () => performance.now();

interface Dependencies {
  readonly pkcs11: KeyManagerFactory;
  readonly log: Logger;
  /** Wraps a key manager to count its operations. If undefined, nothing is counted. */
  readonly measure: ((keyManager: KeyManager) => KeyManager) | undefined;
  /** Number of processes among which the quotas are divided. */
  readonly processes: number;
}

export interface HowToOpen {
  readonly refusedPins: RefusedPins;
  /** Failures that do not prevent a key store from being opened although none of its key managers can be. */
  readonly goesOnWithout: 'none' | 'refused PINs' | 'any';
}

type KeyManagers = ReadonlyMap<string, ManagedKeyManager & { readonly config: Config['keyManagers'][number] }>;

/**
 * Opens the key managers of a configuration and joins them to its key stores. A key manager that does not open is retried in the
 * background. Throws Pkcs11Failure if a key store has none that opens; then nothing is left open.
 */
export async function openKeyStores(
  config: Config,
  { log, measure, processes, refusedPins, goesOnWithout }: Omit<Dependencies, 'pkcs11'> & HowToOpen,
): Promise<OpenKeyStores> {
  const pkcs11 = new KeyManagerFactory({ logger: log, clock, refusedPins });
  const dependencies = { pkcs11, log, measure, processes };
  const managers = manage(config, dependencies);
  try {
    await openKeyManagers(managers, config.keyStores, goesOnWithout, log);
  } catch (error) {
    await closeAll(managers.values());
    await pkcs11.close();
    throw error;
  }
  return new Joined(config, managers, await inTurns(makePolicyEngines(config.keyStores)), dependencies);
}

class Joined implements OpenKeyStores {
  readonly byUriPathPrefix: ReadonlyMap<string, KeyStore>;
  readonly engines: PolicyEngines;
  readonly #config: Config;
  readonly #managers: KeyManagers;
  readonly #dependencies: Dependencies;

  constructor(
    config: Config,
    managers: KeyManagers,
    engines: PolicyEngines,
    dependencies: Dependencies,
    before?: Joined,
  ) {
    const used = new Map([...(before?.byUriPathPrefix.values() ?? [])].map(({ name, quota }) => [name, quota]));
    this.byUriPathPrefix = new Map(
      config.keyStores.map((store) => {
        const { processes } = dependencies;
        const before = used.get(store.name);
        const quota = store.quota && shareQuota(store.quota, { processes, before, clock });
        const policy = store.policyFile && engineOf(engines, store.policyFile);
        return [store.uriPathPrefix, { ...toKeyStore(store, managers), quota, policy }];
      }),
    );
    this.engines = engines;
    this.#config = config;
    this.#managers = managers;
    this.#dependencies = dependencies;
  }

  async reopen(config: Config): Promise<OpenKeyStores> {
    const managers = manage(config, this.#dependencies, this.#managers);
    const fresh = [...managers.values()].filter((manager) => !this.has(manager));
    try {
      await openAllKeyManagers(fresh, this.#dependencies.log);
    } catch (error) {
      await closeAll(fresh);
      throw error;
    }
    this.#reportNewKeys(config, managers);
    const engines = await inTurns(makePolicyEngines(config.keyStores, this.engines));
    return new Joined(config, managers, engines, this.#dependencies, this);
  }

  /**
   * Describes, in the background, the keys that a new configuration adds to key managers which stay open. Logs those that cannot
   * be used.
   */
  #reportNewKeys({ keyStores }: Config, managers: KeyManagers): void {
    const stores = keyStores.map((store) => {
      const before = this.#config.keyStores.find(({ name }) => name === store.name);
      const known = new Map(before?.keys.map(({ id, versions }) => [id, versions]));
      const fresh = store.keys.filter(({ id, versions }) => !isSameValue(known.get(id), versions));
      return { store, before, fresh };
    });
    for (const manager of managers.values()) {
      if (!this.has(manager) || !manager.keyManager.isOpen) continue;
      const { name } = manager.keyManager;
      const users = stores.filter(({ store }) => store.keyManagers.includes(name));
      const fresh = users.map(({ store, before, fresh }) => {
        return { name: store.name, keys: before?.keyManagers.includes(name) ? fresh : store.keys };
      });
      void reportUnusableKeys(fresh, manager.guard.keyManager, this.#dependencies.log);
    }
  }

  async close(others?: Joined): Promise<void> {
    await closeAll([...this.#managers.values()].filter((manager) => !others?.has(manager)));
    const kept = new Set(others?.engines.values());
    for (const engine of this.engines.values()) if (!kept.has(engine)) engine.release();
    if (!others) await this.#dependencies.pkcs11.close();
  }

  has(manager: ManagedKeyManager): boolean {
    return this.#managers.get(manager.keyManager.name) === manager;
  }
}

/** Makes the key managers of a configuration, not opened yet. A key manager in `open` with the same configuration is reused. */
function manage({ keyManagers, keyStores }: Config, dependencies: Dependencies, open?: KeyManagers): KeyManagers {
  return new Map(
    keyManagers.map((config) => {
      const same = open?.get(config.name);
      if (same && isSameValue(same.config, config)) return [config.name, same];
      const users = keyStores.filter((store) => store.keyManagers.includes(config.name));
      return [config.name, { config, ...manageOne(config, users, dependencies) }];
    }),
  );
}

function manageOne(
  { name, pkcs11 }: Config['keyManagers'][number],
  users: Config['keyStores'],
  { pkcs11: keyManagers, log, measure }: Dependencies,
): ManagedKeyManager {
  const keyManager = new ReconnectingKeyManager({
    name,
    timeoutMs: pkcs11.timeoutMs,
    open: (whenGone) => keyManagers.open({ name, ...pkcs11 }, whenGone),
    onOpen: async () => {
      await guard.start();
      await reportUnusableKeys(users, guard.keyManager, log);
    },
    logger: log,
    clock,
  });
  const guard: HealthGuard = new HealthGuard({
    keyManager: measure?.(keyManager) ?? keyManager,
    clock,
    onChange: (healthStatus, detail) => {
      const level = healthStatus === 'ACTIVE' ? 'info' : 'error';
      log[level]({ keyManager: name, healthStatus, detail }, 'key manager health');
    },
  });
  return { keyManager, guard };
}

async function closeAll(managers: Iterable<ManagedKeyManager>): Promise<void> {
  await Promise.allSettled(
    [...managers].map(({ keyManager, guard }) => {
      guard.stop();
      return keyManager.close();
    }),
  );
}

function toKeyStore(
  { name, status, uriPathPrefix, credentials, keys, tags, keyManagers, decryptAlso }: Config['keyStores'][number],
  managers: KeyManagers,
): KeyStore {
  return {
    name,
    status,
    uriPathPrefix,
    credentials: new Map(credentials.map((credential) => [credential.accessKeyId, credential])),
    keys: new Map(keys.map((key) => [key.id, { ...key, tags: { ...tags, ...key.tags }, decryptAlso }])),
    keyManagers: keyManagers.flatMap((manager) => managers.get(manager)?.guard ?? []),
  };
}
