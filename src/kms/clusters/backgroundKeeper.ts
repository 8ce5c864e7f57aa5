import type { Logger } from 'pino';
import type { Backup, Cluster, Hsm } from '../state/clusterRecords.ts';
import type { KmsState } from '../state/kmsState.ts';
import { Transitions } from '../transitions.ts';
import { BackupSchedule } from './backupSchedule.ts';
import type { ClusterFolders } from './clusterFolders.ts';
import type { ClusterKeeper } from './clusterKeeper.ts';
import { ClusterProcesses, type StartClusterProcess } from './clusterProcesses.ts';
import { isInitialized, stateAfter } from './clusterStates.ts';
import { newCloudHsmId } from './newId.ts';

export interface KeeperOptions {
  readonly state: KmsState;
  readonly folders: ClusterFolders;
  readonly start: StartClusterProcess;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Duration of a state in progress, in milliseconds. */
  readonly stepMs: number;
  /** Length of a day for backups, in milliseconds. */
  readonly dayMs: number;
}

/** Delay before the ended process of a cluster is restarted, in milliseconds. AWS likewise replaces an HSM that fails. */
const REPLACE_MS = 10_000;

/**
 * Moves clusters, HSMs and backups through their states. A state in progress ends after `stepMs`, in this run or the next one. The process
 * of a cluster runs while the cluster is initialized and has an active HSM. The process reports when the cluster is activated.
 */
export class BackgroundKeeper implements ClusterKeeper {
  readonly #options: KeeperOptions;
  readonly #transitions: Transitions;
  readonly #processes: ClusterProcesses;
  readonly #schedule: BackupSchedule;
  /** Copies that this run has started, by backup id. */
  readonly #copies = new Map<string, Promise<void>>();

  constructor(options: KeeperOptions) {
    const { log, start, folders } = options;
    this.#options = options;
    this.#transitions = new Transitions(log);
    this.#processes = new ClusterProcesses({
      start,
      log,
      folderOf: (clusterId) => folders.folderOf(clusterId),
      onActivated: (clusterId) => {
        this.#activated(clusterId);
      },
      onLost: (clusterId) => {
        this.#transitions.later(processOf(clusterId), REPLACE_MS, () => this.#settleProcess(clusterId));
      },
    });
    this.#schedule = new BackupSchedule({
      ...options,
      backUp: (cluster) => {
        void this.#backUp(cluster);
      },
    });
  }

  /** Resumes the states in progress of the last run. Resolves when each cluster's process runs, or could not be started. */
  async resume(): Promise<void> {
    const { state } = this.#options;
    for (const cluster of state.clusters.list()) this.#advanceCluster(cluster);
    for (const hsm of state.hsms.list()) this.#advanceHsm(hsm);
    for (const backup of state.backups.list()) this.#advanceBackup(backup);
    const settled = state.clusters.list().map(({ clusterId }) => this.#settleProcess(clusterId, { again: true }));
    await Promise.all(settled);
    this.#schedule.start();
  }

  /** Stops the work but keeps the states, so that the next run resumes them. */
  async stop(): Promise<void> {
    this.#schedule.stop();
    this.#transitions.stop();
    await this.#processes.stopAll();
  }

  putCluster(cluster: Cluster): void {
    const { state, log } = this.#options;
    const { clusterId, state: to } = cluster;
    const from = state.clusters.find(clusterId)?.state;
    state.clusters.put(cluster);
    if (from !== to) log.info({ clusterId, from, to }, 'cluster state');
    this.#advanceCluster(cluster);
  }

  putHsm(hsm: Hsm): void {
    const { state, log } = this.#options;
    state.hsms.put(hsm);
    log.info({ clusterId: hsm.clusterId, hsmId: hsm.hsmId, to: hsm.state }, 'HSM state');
    this.#advanceHsm(hsm);
  }

  putBackup(backup: Backup): void {
    const { state, log } = this.#options;
    state.backups.put(backup);
    log.info({ clusterId: backup.clusterId, backupId: backup.backupId, to: backup.state }, 'backup state');
    this.#advanceBackup(backup);
  }

  problemOf(id: string): string | undefined {
    return this.#transitions.problemOf(id);
  }

  deleteDueBackups(): void {
    this.#schedule.deleteDue();
  }

  #advanceCluster({ clusterId, state }: Cluster): void {
    const finish = this.#endings[state];
    if (!finish) return;
    this.#transitions.later(clusterId, this.#options.stepMs, async (isCurrent) => {
      await finish(clusterId);
      const cluster = this.#options.state.clusters.find(clusterId);
      if (!isCurrent() || !cluster) return;
      this.putCluster({ ...cluster, state: stateAfter(cluster) });
      await this.#settleProcess(clusterId);
    });
  }

  /** The work to do before a state in progress ends. */
  readonly #endings: Partial<Record<Cluster['state'], (clusterId: string) => Promise<void>>> = {
    CREATE_IN_PROGRESS: async (clusterId) => {
      const sourceBackupId = this.#options.state.clusters.find(clusterId)?.sourceBackupId;
      if (sourceBackupId !== undefined) await this.#options.folders.restore(sourceBackupId, clusterId);
    },
    // An initialized cluster needs its process to be activated.
    INITIALIZE_IN_PROGRESS: (clusterId) => this.#processes.start(clusterId),
    MODIFY_IN_PROGRESS: () => Promise.resolve(),
    DELETE_IN_PROGRESS: async (clusterId) => {
      await this.#processes.stop(clusterId);
      this.#options.folders.remove(clusterId);
    },
  };

  #advanceHsm({ hsmId, clusterId, state }: Hsm): void {
    if (state === 'CREATE_IN_PROGRESS') this.#later(hsmId, () => this.#finishCreating(hsmId, clusterId));
    if (state === 'DELETE_IN_PROGRESS') this.#later(hsmId, () => this.#finishDeleting(hsmId, clusterId));
  }

  async #finishCreating(hsmId: string, clusterId: string): Promise<void> {
    const { state } = this.#options;
    // The process must run before the HSM is ACTIVE, because clients connect to an active HSM.
    if (isInitialized(state.clusters.find(clusterId))) await this.#processes.start(clusterId);
    const hsm = state.hsms.find(hsmId);
    if (hsm?.state !== 'CREATE_IN_PROGRESS') return;
    this.putHsm({ ...hsm, state: 'ACTIVE' });
    const cluster = state.clusters.find(clusterId);
    if (cluster?.state === 'ACTIVE') void this.#backUp(cluster);
    await this.#settleProcess(clusterId);
  }

  async #finishDeleting(hsmId: string, clusterId: string): Promise<void> {
    const { state } = this.#options;
    const cluster = state.clusters.find(clusterId);
    if (cluster?.state === 'ACTIVE') await this.#backUp(cluster);
    state.hsms.delete(hsmId);
    this.#options.log.info({ clusterId, hsmId }, 'an HSM was deleted');
    await this.#settleProcess(clusterId);
  }

  #advanceBackup({ backupId, state }: Backup): void {
    if (state !== 'CREATE_IN_PROGRESS') return;
    this.#later(backupId, async () => {
      const backup = this.#options.state.backups.find(backupId);
      if (backup?.state !== 'CREATE_IN_PROGRESS') return;
      await this.#copies.get(backupId);
      if (!this.#options.folders.has(backupId)) await this.#copy(backup);
      this.#copies.delete(backupId);
      this.putBackup({ ...backup, state: 'READY' });
    });
  }

  /** Starts a backup of the cluster's present data. Also resolves if the copy fails, because `#advanceBackup` then retries it. */
  #backUp({ clusterId, hsmType, mode }: Cluster): Promise<void> {
    const backup: Backup = {
      backupId: newCloudHsmId('backup'),
      clusterId,
      createTimestamp: this.#options.clock(),
      state: 'CREATE_IN_PROGRESS',
      neverExpires: false,
      deleteTimestamp: undefined,
      hsmType,
      mode,
      tags: [],
    };
    this.putBackup(backup);
    const copied = this.#copy(backup).catch((error: unknown) => {
      this.#options.log.warn({ backupId: backup.backupId, err: error }, 'a backup could not be copied and is retried');
    });
    this.#copies.set(backup.backupId, copied);
    return copied;
  }

  async #copy({ backupId, clusterId }: Backup): Promise<void> {
    await this.#options.folders.backUp(clusterId, backupId, await this.#processes.find(clusterId));
  }

  #activated(clusterId: string): void {
    const cluster = this.#options.state.clusters.find(clusterId);
    if (cluster?.state !== 'INITIALIZED') return;
    const active = { ...cluster, state: 'ACTIVE' } as const;
    this.putCluster(active);
    void this.#backUp(active);
  }

  /** Starts or stops the process of a cluster, as the states require. With `again`, a failure is retried later and does not reject. */
  async #settleProcess(clusterId: string, { again = false } = {}): Promise<void> {
    const { state, log } = this.#options;
    const hasHsm = state.hsms.list({ clusterId }).some((hsm) => hsm.state !== 'CREATE_IN_PROGRESS');
    try {
      if (hasHsm && isInitialized(state.clusters.find(clusterId))) await this.#processes.start(clusterId);
      else await this.#processes.stop(clusterId);
    } catch (error) {
      if (!again) throw error;
      log.error({ clusterId, err: error }, 'the process of a cluster cannot be started');
      this.#transitions.later(processOf(clusterId), REPLACE_MS, () => this.#settleProcess(clusterId));
    }
  }

  #later(id: string, finish: () => Promise<void>): void {
    this.#transitions.later(id, this.#options.stepMs, finish);
  }
}

function processOf(clusterId: string): string {
  return `process of ${clusterId}`;
}
