import type { Backup, Cluster, Hsm } from '../state/clusterRecords.ts';

/**
 * Completes states in progress in the background. Each `put` method stores a record that an operation has checked, and starts the work that
 * its state requires.
 */
export interface ClusterKeeper {
  putCluster(cluster: Cluster): void;
  putHsm(hsm: Hsm): void;
  putBackup(backup: Backup): void;
  /** Returns why a state in progress of a cluster or an HSM does not end, or undefined if there is no problem. */
  problemOf(id: string): string | undefined;
  /** Deletes backups that are due. */
  deleteDueBackups(): void;
}
