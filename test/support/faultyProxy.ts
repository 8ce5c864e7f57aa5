import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { createFaultyModule, type Fault, type FaultyModule } from './faultyModule.ts';
import { KnownKey, type Probe } from './knownKey.ts';
import { healthMetadata, keyPath } from './messages.ts';
import { ProxyFiles, RunningProxy, type Answer } from './runningProxy.ts';

/** Settings of a key manager with its own faulty module, and the module's initial faults. */
export type FaultyManager = Readonly<Record<string, unknown>> & { readonly faults?: readonly Fault[] };

/** A key store of a FaultyProxy. */
export interface FaultyStore {
  readonly prefix: string;
  readonly credential: Credential;
  /**
   * Key managers of the key store in their order. They and their tokens are named `<store>-<manager>`, both counted
   * from 1.
   */
  readonly modules: readonly FaultyModule[];
}

/** The outcome of a request: `ok`, or the errorName of a failure. */
export type Outcome = string;

/**
 * `xks-proxy serve` with faulty modules in front of SoftHSM. Each key store has the key `known`. Each key manager has
 * its own copy of SoftHSM and its own token, so the HSMs fail independently.
 */
export class FaultyProxy {
  readonly files = new ProxyFiles({ tls: false });
  readonly key = new KnownKey();
  readonly stores: readonly FaultyStore[];
  #running: RunningProxy | undefined;

  private constructor(stores: readonly (readonly FaultyManager[])[]) {
    const { softHsm } = this.files;
    const nameOf = (store: number, manager: number) => `${store + 1}-${manager + 1}`;
    this.stores = stores.map((managers, store) => ({
      prefix: `/store-${store + 1}`,
      credential: newCredential(),
      modules: managers.map(({ faults = [] }, manager) => {
        const token = nameOf(store, manager);
        softHsm.addToken(token);
        softHsm.importKey('known', this.key.value, [], token);
        const module = createFaultyModule({ ...softHsm, separate: true });
        module.inject(...faults);
        return module;
      }),
    }));
    const [common] = this.files.config.keyManagers;
    const pkcs11 = { ...common?.pkcs11, timeoutMs: 5_000 };
    this.files.writeConfig({
      server: this.files.config.server,
      keyManagers: stores.flatMap((managers, store) =>
        managers.map(({ faults: _, ...settings }, manager) => ({
          name: nameOf(store, manager),
          pkcs11: {
            ...pkcs11,
            ...settings,
            module: this.module(store, manager).module,
            token: { label: nameOf(store, manager) },
          },
        })),
      ),
      keyStores: this.stores.map(({ prefix, credential: { accessKeyId, secretAccessKey }, modules }, store) => ({
        name: `store-${store + 1}`,
        uriPathPrefix: prefix,
        keyManagers: modules.map((_module, manager) => nameOf(store, manager)),
        credentials: [{ accessKeyId, secretAccessKey: this.files.writeSecret(accessKeyId, secretAccessKey.reveal()) }],
        keys: [{ id: 'known' }],
      })),
    });
  }

  /**
   * Starts a proxy with the key managers of each key store, and resolves when it listens. `timeoutMs` is 5,000 by
   * default.
   */
  static async start(...stores: readonly (readonly FaultyManager[])[]): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(stores);
    await proxy.restart();
    return proxy;
  }

  /** Starts the process if none is running. */
  async restart(): Promise<void> {
    this.#running = await RunningProxy.start(this.files);
  }

  get running(): RunningProxy {
    if (!this.#running) throw new Error('The proxy has not been started');
    return this.#running;
  }

  module(store = 0, manager = 0): FaultyModule {
    const module = this.stores[store]?.modules[manager];
    if (!module) throw new Error(`There is no key manager ${manager} of store ${store}`);
    return module;
  }

  /** Sends the request to a key store. Throws if the answer is wrong. */
  async ask({ operation, body, prove }: Probe, store = 0): Promise<Answer> {
    const { prefix, credential } = this.#store(store);
    const answer = await this.running.post(keyPath('known', operation, prefix), body, { credential });
    if (answer.status === 200) prove(answer.body);
    return answer;
  }

  /** The outcomes of `times` encryptions with CDIV and decryptions, one after the other. Throws for a wrong answer. */
  async outcomes(times = 1, store = 0): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let time = 0; time < times; time += 1) {
      for (const probe of [this.key.encryptProbe(), this.key.decryptProbe()]) {
        outcomes.push(toOutcome(await this.ask(probe, store)));
      }
    }
    return outcomes;
  }

  /** The distinct outcomes of this number of encryptions and of decryptions, all at once. Throws for a wrong answer. */
  async concurrentOutcomes(times: number, store = 0): Promise<Set<Outcome>> {
    return new Set((await Promise.all(Array.from({ length: times }, () => this.outcomes(1, store)))).flat());
  }

  /** The status of each key manager of a store in GetHealthStatus, in order, or the errorName if it fails. */
  async health(store = 0): Promise<unknown> {
    const { prefix, credential } = this.#store(store);
    const path = `${prefix}/kms/xks/v1/health`;
    const { status, body } = await this.running.post(path, { requestMetadata: healthMetadata }, { credential });
    if (status !== 200) return body['errorName'];
    return (body['ekmFleetDetails'] as { healthStatus: string }[]).map(({ healthStatus }) => healthStatus);
  }

  /** Lifts all faults. */
  clear(): void {
    for (const { modules } of this.stores) for (const module of modules) module.clear();
  }

  /** Lifts all faults, stops the proxy and removes its files. Throws unless the proxy exits cleanly. */
  async dispose(): Promise<void> {
    this.clear();
    try {
      await this.running.dispose();
    } finally {
      for (const { modules } of this.stores) for (const module of modules) module.dispose();
    }
  }

  #store(index: number): FaultyStore {
    const store = this.stores[index];
    if (!store) throw new Error(`There is no store ${index}`);
    return store;
  }
}

function toOutcome({ status, body }: Answer): Outcome {
  return status === 200 ? 'ok' : String(body['errorName']);
}
