import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Checkpoint } from '../audit/log/logWriter.ts';
import type { Trail } from '../audit/trail/trail.ts';
import type { BlockList } from '../blocks/blockList.ts';
import type { FollowedBlockList } from '../blocks/followedBlockList.ts';
import { readFrom } from '../config/files/configFiles.ts';
import { loadConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema/schema.ts';
import { OpenExchanges } from '../http/openExchanges.ts';
import type { LogBase } from '../monitoring/logger.ts';
import type { LogStream } from '../monitoring/logStream.ts';
import { RefusedPins, type RefusedPinRecord } from '../hsm/pkcs11/token/refusedPins.ts';
import type { MetricsSnapshot, SnapshotSource } from '../monitoring/metrics/metricsSnapshot.ts';
import { processMetrics } from '../monitoring/metrics/processMetrics.ts';
import type { ProcessReport } from '../monitoring/processReport.ts';
import { proxyMetrics } from '../monitoring/metrics/proxyMetrics.ts';
import { judgeReadiness, type Phase, type Readiness } from '../keyStores/readiness.ts';
import { followBlockList } from './followBlockList.ts';
import { openTrail, type OpenTrail } from './openTrail.ts';
import { startListening } from './startListening.ts';
import { openKeyStores, type HowToOpen, type OpenKeyStores } from './openKeyStores.ts';
import { connectionLimit, MAX_CONNECTIONS } from '../server/connectionLimit.ts';
import type { HandOver, Listening } from '../server/listen.ts';
import type { Drain, ServeOrder, Serving } from '../server/serving.ts';
import { withTimeLimit } from '../timing/timeLimit.ts';
import { version } from '../version.ts';

export interface ProxyDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Destination of the lines of the log. */
  readonly stream: LogStream;
  /** Members with which each of these lines begins. */
  readonly base: LogBase;
  /** Called with each checkpoint of this process's audit log. */
  readonly onCheckpoint?: (log: string, checkpoint: Checkpoint) => void;
  /** If left out, the proxy listens on the port of the configuration. */
  readonly handOver?: HandOver;
  /** Name of this process among those of the proxy, such as `main` and `worker-1`. */
  readonly process: string;
  /** The slot of its audit log: `main`, `w1`. */
  readonly slot: string;
  /** Whether others serve already. Then this process may open its key managers later if it cannot open them now. */
  readonly isReplacement?: boolean;
  /** PINs that were refused to other processes of the proxy. */
  readonly refusedPins?: readonly RefusedPinRecord[];
  /** Called with each PIN that is refused to this process. */
  readonly onRefusedPin?: (refused: RefusedPinRecord) => void;
  /** The block list that other processes of the proxy have in force. */
  readonly blocksInForce?: BlockList | undefined;
  /** Called with the block list in force, at the start and after each change. */
  readonly onBlocks?: (list: BlockList) => void;
}

// Time to record running requests that a drain has cut off.
const LAST_RECORDS_MS = 1_000;
// A body may take 12 seconds to arrive, and the greatest timeoutMs is 10 seconds.
const LONGEST_REQUEST_MS = 25_000;

/** The state that requests use. It is replaced as a whole. */
interface State {
  readonly server: Config['server'];
  readonly stores: OpenKeyStores;
}

interface ProxyParts {
  readonly state: { current: State };
  readonly metrics: readonly SnapshotSource[];
  readonly listening: Listening;
  readonly trail: Trail;
  readonly exchanges: OpenExchanges;
  readonly blockList: FollowedBlockList;
}

/** The part of the proxy that runs in this process. */
export class Proxy implements Serving {
  /** Never rejects: a failure that prevents serving ends this process. */
  readonly ended = new Promise<never>(() => undefined);
  readonly #dependencies: ProxyDependencies;
  readonly #parts: ProxyParts;
  #prepared: State | undefined;
  #phase: Phase = 'serving';

  private constructor(parts: ProxyParts, dependencies: ProxyDependencies) {
    this.#parts = parts;
    this.#dependencies = dependencies;
  }

  /**
   * Throws TooFewDescriptors, Pkcs11Failure, AuditFailure, BlockListFailure, or the system's error in listening; then nothing is
   * left open.
   */
  static async start(order: ServeOrder, dependencies: ProxyDependencies): Promise<Proxy> {
    const config = configOf(order, dependencies);
    const { log, process, isReplacement } = dependencies;
    const maxConnections = connectionLimit(config);
    if (maxConnections < MAX_CONNECTIONS) {
      log.warn({ maxConnections }, 'the limit of open files (ulimit -n) leaves room for fewer connections than usual');
    }
    const refusedPins = new RefusedPins(dependencies.refusedPins, dependencies.onRefusedPin);
    const keyStores = () => state.current.stores.byUriPathPrefix;
    const counted =
      config.monitoring &&
      proxyMetrics({
        fleetSize: config.server.fleetSize,
        keyStores: () => [...keyStores().values()],
        blockList: () => blockList,
        tls: () => state.current.server.tls,
        trail: () => opened,
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
    let opened: OpenTrail | undefined;
    let blockList: FollowedBlockList | undefined;
    try {
      opened = openTrail(config, { ...dependencies, onUnrecorded: counted?.countUnrecorded });
      const { trail } = opened;
      const exchanges = new OpenExchanges();
      const followed = await followBlockList(order.file, config, { ...dependencies, trail });
      blockList = followed;
      const app = { keyStores, blockList: () => followed.list, log, exchanges, observe: counted?.countRequest };
      const refused = counted?.countRefusal;
      const listening = await startListening(config, order, { ...dependencies, app, trail, refused, maxConnections });
      const metrics = counted ? [counted, processMetrics({ process, version })] : [];
      return new Proxy({ state, metrics, listening, trail, exchanges, blockList }, dependencies);
    } catch (error) {
      blockList?.stop();
      await opened?.trail.stop(performance.now());
      await stores.close();
      throw error;
    }
  }

  get address(): AddressInfo {
    const { address } = this.#parts.listening;
    if (!address) throw new Error('another process listens');
    return address;
  }

  readiness(): Readiness {
    const { state, trail } = this.#parts;
    return judgeReadiness(this.#phase, [...state.current.stores.byUriPathPrefix.values()], trail.problem);
  }

  metrics(names?: readonly string[]): Promise<readonly MetricsSnapshot[]> {
    return Promise.all(this.#parts.metrics.map((source) => source.snapshot(names)));
  }

  processes(): Promise<readonly ProcessReport[]> {
    const stores = [...this.#parts.state.current.stores.byUriPathPrefix.values()];
    const keyManagers = [...new Set(stores.flatMap(({ keyManagers }) => keyManagers))].map((manager) => {
      return { name: manager.keyManager.name, changes: manager.changes() };
    });
    const { process: name } = this.#dependencies;
    return Promise.resolve([{ is: 'serving', name, pid: process.pid, readiness: this.readiness(), keyManagers }]);
  }

  async apply(order: ServeOrder): Promise<void> {
    await this.prepare(order);
    this.commit();
  }

  /** Opens the parts of another configuration that are new. Throws if it cannot be served. */
  async prepare(order: ServeOrder): Promise<void> {
    await this.discard();
    const config = configOf(order, this.#dependencies);
    this.#prepared = { server: config.server, stores: await this.#parts.state.current.stores.reopen(config) };
  }

  /** Switches to the prepared configuration. */
  commit(): void {
    const next = this.#prepared;
    if (!next) throw new Error('nothing was prepared');
    const { stores } = this.#parts.state.current;
    const { tls } = next.server;
    if (tls) this.#parts.listening.setTls(tls);
    this.#prepared = undefined;
    this.#parts.state.current = next;
    // Requests that have begun still use parts that later ones do not.
    setTimeout(() => void stores.close(next.stores), LONGEST_REQUEST_MS).unref();
  }

  /** Discards the prepared configuration. */
  async discard(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await prepared?.stores.close(this.#parts.state.current.stores);
  }

  note(type: 'reload', members: object): void {
    this.#parts.trail.note(type, members);
  }

  async drain({ drainMs, lameDuckMs }: Drain): Promise<readonly string[]> {
    const deadline = performance.now() + drainMs;
    const { listening, exchanges, trail, blockList } = this.#parts;
    this.#phase = 'draining';
    const finished = await listening.drain(drainMs, lameDuckMs);
    if (!finished) {
      this.#dependencies.log.warn('requests were still running after drainSeconds; their connections were closed');
    }
    // Work that an HSM finishes for a client that is gone is recorded too.
    await withTimeLimit(exchanges.idle(), LAST_RECORDS_MS, () => undefined, { keepsProcess: false });
    const lost = await trail.stop(Math.max(deadline, performance.now() + LAST_RECORDS_MS));
    await this.discard();
    await this.#parts.state.current.stores.close();
    blockList.stop();
    return lost;
  }
}

// The monitoring port shows that the process is not ready. A restart would try the PIN again, until the HSM locks the user.
function whenAlone({ monitoring }: Config): HowToOpen['goesOnWithout'] {
  return monitoring ? 'refused PINs' : 'none';
}

// The snapshot was validated earlier.
function configOf({ file, snapshot, policySets }: ServeOrder, { env }: ProxyDependencies): Config {
  return loadConfig(file, env, readFrom(snapshot), policySets).config;
}
