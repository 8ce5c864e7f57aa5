import type { Backup, Cluster, Hsm } from '../state/clusterRecords.ts';

/**
 * Keeps the promises that states in progress make, in the background. Each of its methods stores the record, which an operation
 * has judged before, and goes on from there.
 */
export interface ClusterKeeper {
  putCluster(cluster: Cluster): void;
  putHsm(hsm: Hsm): void;
  putBackup(backup: Backup): void;
  /** Why a state in progress of a cluster or an HSM does not end; undefined while nothing is wrong. */
  problemOf(id: string): string | undefined;
  /** Deletes backups whose time has come. */
  deleteDueBackups(): void;
}
