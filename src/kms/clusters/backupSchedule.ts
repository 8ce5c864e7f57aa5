import type { Logger } from 'pino';
import type { Backup, Cluster } from '../state/clusterRecords.ts';
import type { KmsState } from '../state/kmsState.ts';
import type { ClusterFolders } from './clusterFolders.ts';

export interface BackupScheduleOptions {
  readonly state: KmsState;
  readonly folders: ClusterFolders;
  readonly log: Logger;
  readonly clock: () => number;
  readonly dayMs: number;
  /** Starts a backup. */
  readonly backUp: (cluster: Cluster) => void;
}

const LONGEST_INTERVAL_MS = 60_000;

/** Makes daily backups. Deletes backups at the end of their retention period, or some days after DeleteBackup. */
export class BackupSchedule {
  readonly #options: BackupScheduleOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(
      () => {
        try {
          this.#backUpDaily();
          this.deleteDue();
        } catch (error) {
          // No other code would catch this error. The next attempt may succeed.
          this.#options.log.error({ err: error }, 'the daily backups cannot be created');
        }
      },
      Math.min(this.#options.dayMs, LONGEST_INTERVAL_MS),
    ).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Deletes backups that are due. The newest backup of a cluster is kept after its retention period. */
  deleteDue(): void {
    const { state, folders, clock, log } = this.#options;
    const backups = state.backups.list();
    const newest = newestOf(backups);
    const isRead = new Set(state.clusters.list({ state: 'CREATE_IN_PROGRESS' }).map((each) => each.sourceBackupId));
    for (const backup of backups) {
      const { backupId, clusterId, deleteTimestamp } = backup;
      const isNewest = newest.get(clusterId) === backup;
      const isDue = deleteTimestamp !== undefined ? deleteTimestamp <= clock() : !isNewest && this.#isExpired(backup);
      if (!isDue || isRead.has(backupId)) continue;
      state.backups.delete(backupId);
      folders.remove(backupId);
      log.info({ clusterId, backupId }, 'a backup was deleted');
    }
  }

  #isExpired({ clusterId, createTimestamp, neverExpires, state: backupState }: Backup): boolean {
    const { state, clock, dayMs } = this.#options;
    if (neverExpires || backupState !== 'READY') return false;
    const retentionDays = state.clusters.find(clusterId)?.retentionDays ?? 0;
    return createTimestamp + retentionDays * dayMs <= clock();
  }

  #backUpDaily(): void {
    const { state, clock, dayMs, backUp } = this.#options;
    const newest = newestOf(state.backups.list());
    const withHsm = new Set(state.hsms.list().map(({ clusterId }) => clusterId));
    for (const cluster of state.clusters.list({ state: 'ACTIVE' })) {
      const last = newest.get(cluster.clusterId)?.createTimestamp ?? 0;
      if (withHsm.has(cluster.clusterId) && last + dayMs <= clock()) backUp(cluster);
    }
  }
}

/** Returns the newest backup of each cluster, by cluster id. */
function newestOf(backups: readonly Backup[]): ReadonlyMap<string, Backup> {
  return new Map(
    backups.toSorted((a, b) => a.createTimestamp - b.createTimestamp).map((backup) => [backup.clusterId, backup]),
  );
}
