import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createApp, type AppDependencies } from '../app.ts';
import { readFrom } from '../config/configFiles.ts';
import { loadConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema.ts';
import { RefusedPins, type RefusedPinRecord } from '../hsm/pkcs11/refusedPins.ts';
import type { MetricsSnapshot, SnapshotSource } from '../monitoring/metrics/metricsSnapshot.ts';
import { processMetrics } from '../monitoring/metrics/processMetrics.ts';
import { proxyMetrics } from '../monitoring/metrics/proxyMetrics.ts';
import { judgeReadiness, type Phase, type Readiness } from '../monitoring/readiness.ts';
import { openKeyStores, type HowToOpen, type OpenKeyStores } from './openKeyStores.ts';
import { listen, type HandOver, type Listening } from '../server/listen.ts';
import { ListenFailure } from '../server/listenFailure.ts';
import { refusalLog } from '../server/refusalLog.ts';
import type { Drain, ServeOrder, Serving } from '../server/serving.ts';
import { SignatureVerifier } from '../sigv4/signatureVerifier.ts';
import { version } from '../version.ts';

export interface ProxyDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Whether the log can take more requests. */
  readonly canRecord?: () => boolean;
  /** Left out: it listens on the port of the configuration. */
  readonly handOver?: HandOver;
  /** Name of this process among those of the proxy, such as `main` and `worker-1`. */
  readonly process: string;
  /** Others serve already, so that this one opens its key managers later if it cannot now. */
  readonly isReplacement?: boolean;
  /** Those that another process of the proxy was refused. */
  readonly refusedPins?: readonly RefusedPinRecord[];
}

// A body may take 12 seconds to come, and the greatest timeoutMs is 10.
const LONGEST_REQUEST_MS = 25_000;

/** What requests meet; replaced as a whole. */
interface State {
  readonly server: Config['server'];
  readonly stores: OpenKeyStores;
}

/** The proxy as this process serves it. */
export class Proxy implements Serving {
  /** Never: what can serve no more ends this process. */
  readonly ended = new Promise<never>(() => undefined);
  readonly #dependencies: ProxyDependencies;
  readonly #metrics: readonly SnapshotSource[];
  readonly #listening: Listening;
  readonly #refusedPins: RefusedPins;
  readonly #state: { current: State };
  #prepared: State | undefined;
  #phase: Phase = 'serving';

  private constructor(
    state: { current: State },
    metrics: readonly SnapshotSource[],
    listening: Listening,
    refusedPins: RefusedPins,
    dependencies: ProxyDependencies,
  ) {
    this.#state = state;
    this.#metrics = metrics;
    this.#listening = listening;
    this.#refusedPins = refusedPins;
    this.#dependencies = dependencies;
  }

  /** Throws Pkcs11Failure, and what the system says to listening, with nothing left open. */
  static async start(order: ServeOrder, dependencies: ProxyDependencies): Promise<Proxy> {
    const config = configOf(order, dependencies);
    const { log, canRecord, handOver, process, isReplacement } = dependencies;
    const refusedPins = new RefusedPins(dependencies.refusedPins);
    const keyStores = () => state.current.stores.byUriPathPrefix;
    const counted =
      config.monitoring &&
      proxyMetrics({
        keyStores: () => [...keyStores().values()],
        tls: () => state.current.server.tls,
        clock: Date.now,
      });
    const stores = await openKeyStores(config, {
      log,
      measure: counted?.measure,
      processes: order.processes,
      refusedPins,
      goesOnWithout: isReplacement ? 'any' : whenAlone(config),
    });
    const state = { current: { server: config.server, stores } };
    try {
      const listening = await startListening(config, {
        ticketKeys: order.ticketKeys,
        keyStores,
        log,
        canRecord,
        handOver,
        observe: counted?.countRequest,
      });
      const metrics = counted ? [counted, processMetrics({ process, version })] : [];
      return new Proxy(state, metrics, listening, refusedPins, dependencies);
    } catch (error) {
      await stores.close();
      throw error;
    }
  }

  get address(): AddressInfo {
    const { address } = this.#listening;
    if (!address) throw new Error('another process listens');
    return address;
  }

  readiness(): Readiness {
    return judgeReadiness(this.#phase, [...this.#state.current.stores.byUriPathPrefix.values()]);
  }

  refusedPins(): readonly RefusedPinRecord[] {
    return this.#refusedPins.records();
  }

  metrics(): Promise<readonly MetricsSnapshot[]> {
    return Promise.all(this.#metrics.map((source) => source.snapshot()));
  }

  async apply(order: ServeOrder): Promise<void> {
    await this.prepare(order);
    this.commit();
  }

  /** Opens what is new in another configuration. Throws if it cannot be served. */
  async prepare(order: ServeOrder): Promise<void> {
    await this.discard();
    const config = configOf(order, this.#dependencies);
    this.#prepared = { server: config.server, stores: await this.#state.current.stores.reopen(config) };
  }

  /** Goes over to what was prepared. */
  commit(): void {
    const next = this.#prepared;
    if (!next) throw new Error('nothing was prepared');
    const { stores } = this.#state.current;
    const { tls } = next.server;
    if (tls) this.#listening.setTls(tls);
    this.#prepared = undefined;
    this.#state.current = next;
    // Requests that have begun still use what the next ones do not.
    setTimeout(() => void stores.close(next.stores), LONGEST_REQUEST_MS).unref();
  }

  /** Forgets what was prepared. */
  async discard(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await prepared?.stores.close(this.#state.current.stores);
  }

  async drain({ drainMs, lameDuckMs }: Drain): Promise<void> {
    this.#phase = 'draining';
    const finished = await this.#listening.drain(drainMs, lameDuckMs);
    if (!finished) {
      this.#dependencies.log.warn('requests were still running after drainSeconds; their connections were closed');
    }
    await this.discard();
    await this.#state.current.stores.close();
  }
}

// Who monitors it sees that it is not ready. A restart would try the PIN again, until the HSM locks the user.
function whenAlone({ monitoring }: Config): HowToOpen['goesOnWithout'] {
  return monitoring ? 'refused PINs' : 'none';
}

// Of a snapshot that was found valid before.
function configOf({ file, snapshot }: ServeOrder, { env }: ProxyDependencies): Config {
  return loadConfig(file, env, readFrom(snapshot)).config;
}

async function startListening(
  { server }: Config,
  {
    ticketKeys,
    canRecord = () => true,
    handOver,
    ...app
  }: Pick<ServeOrder, 'ticketKeys'> &
    Pick<AppDependencies, 'keyStores' | 'observe'> & {
      log: Logger;
      canRecord: (() => boolean) | undefined;
      handOver: HandOver | undefined;
    },
): Promise<Listening> {
  const { host, port, tls, proxyProtocol, regions, fleetSize } = server;
  const verifier = new SignatureVerifier({ regions: new Set(regions), clock: Date.now });
  const proxy = { fleetSize, vendor: 'xks-proxy', model: `xks-proxy ${version}` };
  const { log } = app;
  try {
    return await listen({
      source: handOver ?? { host, port },
      tls,
      ticketKeys,
      proxyProtocol,
      canRecord,
      listener: (clientOf) => createApp({ ...app, verifier, proxy, clientOf }),
      onError: ({ code }) => {
        log.error({ code }, 'a connection was not accepted');
      },
      onRefused: refusalLog(log, () => performance.now()),
    });
  } catch (error) {
    throw new ListenFailure(host, port, error);
  }
}
