import type { Logger } from 'pino';

/** The running process of a cluster. */
export interface ClusterProcess {
  /** Resolves when the process has ended for any reason. */
  readonly ended: Promise<void>;
  /** Copies the cluster's data into a folder, all from the same moment. */
  copyTo(folder: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the process of a cluster. Resolves when the cluster accepts connections. */
export type StartClusterProcess = (options: {
  readonly clusterId: string;
  readonly folder: string;
  /** Called when the cluster is activated, or at its start if it already is. */
  readonly onActivated: () => void;
}) => Promise<ClusterProcess>;

export interface ClusterProcessesOptions {
  readonly start: StartClusterProcess;
  readonly folderOf: (clusterId: string) => string;
  readonly onActivated: (clusterId: string) => void;
  /** Called when a process has ended without being stopped. */
  readonly onLost: (clusterId: string) => void;
  readonly log: Logger;
}

/** The processes of clusters, at most one for each cluster. */
export class ClusterProcesses {
  readonly #options: ClusterProcessesOptions;
  readonly #running = new Map<string, Promise<ClusterProcess>>();

  constructor(options: ClusterProcessesOptions) {
    this.#options = options;
  }

  /** Starts the cluster's process if it does not run. Resolves when the cluster accepts connections. */
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

  /** Returns false if the process was already stopped, so that the cluster has no process or another one. */
  #forget(clusterId: string, process: Promise<ClusterProcess>): boolean {
    return this.#running.get(clusterId) === process && this.#running.delete(clusterId);
  }
}
