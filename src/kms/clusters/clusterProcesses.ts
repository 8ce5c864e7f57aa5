import type { Logger } from 'pino';

/** The process of a cluster that runs. */
export interface ClusterProcess {
  /** Resolves when the process has ended, whatever ended it. */
  readonly ended: Promise<void>;
  /** Copies all that the cluster keeps into a folder, as it is at one moment. */
  copyTo(folder: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the process of a cluster; resolves when it can be connected to. */
export type StartClusterProcess = (options: {
  readonly clusterId: string;
  readonly folder: string;
  /** Told when the cluster is activated, and at the start if it is already. */
  readonly onActivated: () => void;
}) => Promise<ClusterProcess>;

export interface ClusterProcessesOptions {
  readonly start: StartClusterProcess;
  readonly folderOf: (clusterId: string) => string;
  readonly onActivated: (clusterId: string) => void;
  /** Told when a process has ended that was not stopped. */
  readonly onLost: (clusterId: string) => void;
  readonly log: Logger;
}

/** The processes of clusters: at most one for each. */
export class ClusterProcesses {
  readonly #options: ClusterProcessesOptions;
  readonly #running = new Map<string, Promise<ClusterProcess>>();

  constructor(options: ClusterProcessesOptions) {
    this.#options = options;
  }

  /** Resolves when the cluster can be connected to. */
  async start(clusterId: string): Promise<void> {
    const running = this.#running.get(clusterId);
    await (running ?? this.#start(clusterId));
  }

  async stop(clusterId: string): Promise<void> {
    const running = this.#running.get(clusterId);
    this.#running.delete(clusterId);
    const started = await running?.catch(() => undefined);
    await started?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all(Array.from(this.#running.keys(), (clusterId) => this.stop(clusterId)));
  }

  async find(clusterId: string): Promise<ClusterProcess | undefined> {
    return this.#running.get(clusterId)?.catch(() => undefined);
  }

  async #start(clusterId: string): Promise<void> {
    const { start, folderOf, onActivated, onLost, log } = this.#options;
    const starting = start({
      clusterId,
      folder: folderOf(clusterId),
      onActivated: () => {
        onActivated(clusterId);
      },
    });
    this.#running.set(clusterId, starting);
    try {
      const { ended } = await starting;
      void ended.then(() => {
        if (!this.#forget(clusterId, starting)) return;
        log.warn({ clusterId }, 'a cluster cannot be reached: its process has ended');
        onLost(clusterId);
      });
    } catch (error) {
      this.#forget(clusterId, starting);
      throw error;
    }
  }

  /** False if the process was stopped before: the cluster has none, or another one. */
  #forget(clusterId: string, process: Promise<ClusterProcess>): boolean {
    return this.#running.get(clusterId) === process && this.#running.delete(clusterId);
  }
}
