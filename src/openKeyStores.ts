import type { Logger } from 'pino';
import type { Config } from './config/schema.ts';
import { openPkcs11Administration } from './hsm/pkcs11/pkcs11Administration.ts';
import { Pkcs11Failure } from './hsm/pkcs11/pkcs11Failure.ts';
import { openPkcs11KeyManager } from './hsm/pkcs11/pkcs11KeyManager.ts';
import { Pkcs11Modules } from './hsm/pkcs11/pkcs11Modules.ts';
import type { KeyStore } from './http/keyStore.ts';
import { DeepHealthCheck } from './monitoring/deepHealthCheck.ts';
import { XksError } from './xks/errors.ts';

export interface OpenKeyStores {
  readonly byUriPathPrefix: ReadonlyMap<string, KeyStore>;
  /** The key stores of another configuration with the same key managers. */
  rejoin(config: Config): Promise<ReadonlyMap<string, KeyStore>>;
  /** Gives the key managers up; nothing may use them any more. */
  close(): Promise<void>;
}

type KeyManagerConfig = Config['keyManagers'][number];

/** Opens the key managers of a configuration and joins them to its key stores. Throws Pkcs11Failure, with nothing left open. */
export async function openKeyStores(config: Config, log: Logger): Promise<OpenKeyStores> {
  const modules = new Pkcs11Modules();
  const managers = new Map<string, DeepHealthCheck>();
  const close = async () => {
    const opened = [...managers.values()];
    for (const healthCheck of opened) healthCheck.stop();
    await Promise.allSettled(opened.map(({ keyManager }) => keyManager.close()));
  };
  try {
    for (const keyManager of config.keyManagers) {
      managers.set(keyManager.name, await openKeyManager(keyManager, modules, log).catch(nameFailure(keyManager.name)));
    }
    const rejoin = async ({ keyStores }: Config) => {
      const stores = keyStores.map((store) => toKeyStore(store, managers));
      for (const store of stores) await reportUnusableKeys(store, log);
      return new Map(stores.map((store) => [store.uriPathPrefix, store]));
    };
    return { byUriPathPrefix: await rejoin(config), rejoin, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// There may be several key managers, and the message is all that an operator sees.
function nameFailure(name: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Pkcs11Failure ? new Pkcs11Failure(`key manager ${name}: ${error.message}`) : error;
  };
}

async function openKeyManager(
  { name, pkcs11 }: KeyManagerConfig,
  modules: Pkcs11Modules,
  log: Logger,
): Promise<DeepHealthCheck> {
  const clock = () => performance.now();
  await provideHealthKey({ name, pkcs11 }, modules, log);
  const keyManager = await openPkcs11KeyManager({ name, ...pkcs11 }, { modules, logger: log, clock });
  const healthCheck = new DeepHealthCheck({
    keyManager,
    healthKey: pkcs11.healthKey,
    clock,
    onChange: (healthStatus, detail) => {
      log[healthStatus === 'ACTIVE' ? 'info' : 'error'](
        { keyManager: name, healthStatus, detail },
        'key manager health',
      );
    },
  });
  await healthCheck.start();
  return healthCheck;
}

// Spec, "GetHealthStatus": the proxy "SHOULD create test keys in the external key manager".
async function provideHealthKey(
  { name, pkcs11 }: KeyManagerConfig,
  modules: Pkcs11Modules,
  log: Logger,
): Promise<void> {
  const { healthKey: label } = pkcs11;
  const administration = await openPkcs11Administration(pkcs11, { modules });
  try {
    const created = await administration.createKeyIfAbsent({ label, usages: ['ENCRYPT', 'DECRYPT'] });
    if (created) log.info({ keyManager: name, label }, 'created the health key');
  } catch (error) {
    if (!(error instanceof Pkcs11Failure)) throw error;
    log.error({ keyManager: name, label }, `cannot create the health key: ${error.message}`);
  } finally {
    administration.close();
  }
}

function toKeyStore(config: Config['keyStores'][number], managers: ReadonlyMap<string, DeepHealthCheck>): KeyStore {
  const { decryptAlso } = config;
  return {
    name: config.name,
    uriPathPrefix: config.uriPathPrefix,
    credentials: new Map(config.credentials.map((credential) => [credential.accessKeyId, credential])),
    keys: new Map(config.keys.map((key) => [key.id, { ...key, decryptAlso }])),
    keyManagers: config.keyManagers.flatMap((name) => managers.get(name) ?? []),
  };
}

async function reportUnusableKeys({ name, keys, keyManagers }: KeyStore, log: Logger): Promise<void> {
  for (const { keyManager } of keyManagers) {
    for (const { id, versions } of keys.values()) {
      for (const { label } of versions) {
        const record = { keyStore: name, keyManager: keyManager.name, externalKeyId: id, label };
        try {
          const { keySpec } = await keyManager.describeKey(label);
          if (keySpec !== 'AES_256') log.warn({ ...record, keySpec }, 'KMS only uses AES_256 keys');
        } catch (error) {
          if (!(error instanceof XksError)) throw error;
          const { errorName, message, detail } = error;
          log.warn({ ...record, errorName, detail }, `the key cannot be used: ${message}`);
        }
      }
    }
  }
}
