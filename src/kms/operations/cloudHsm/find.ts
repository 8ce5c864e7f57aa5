import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Backup, Cluster } from '../../state/clusterRecords.ts';
import { invalidRequest } from './cloudHsmOperation.ts';

/** Finds a cluster that is not deleted. Throws CloudHsmResourceNotFoundException. */
export function findCluster({ state }: LocalKms, clusterId: string): Cluster {
  const cluster = state.clusters.find(clusterId);
  if (!cluster || cluster.state === 'DELETED') throw notFound(`Cluster ${clusterId} does not exist.`);
  return cluster;
}

/** Throws CloudHsmResourceNotFoundException. */
export function findBackup({ state }: LocalKms, backupId: string): Backup {
  const backup = state.backups.find(backupId);
  if (!backup) throw notFound(`Backup ${backupId} does not exist.`);
  return backup;
}

/** Throws CloudHsmInvalidRequestException unless the cluster is in one of the states that `operation` needs. */
export function requireClusterState(
  { clusterId, state }: Cluster,
  operation: string,
  allowed: readonly Cluster['state'][],
): void {
  if (allowed.includes(state)) return;
  throw invalidRequest(
    `${operation} is not valid for cluster ${clusterId}, whose state is ${state}. The state must be ${allowed.join(' or ')}.`,
  );
}

/** Does the same for a backup. */
export function requireBackupState(
  { backupId, state }: Backup,
  operation: string,
  allowed: readonly Backup['state'][],
): void {
  if (allowed.includes(state)) return;
  throw invalidRequest(
    `${operation} is not valid for backup ${backupId}, whose state is ${state}. The state must be ${allowed.join(' or ')}.`,
  );
}

export function notFound(message: string): KmsError {
  return new KmsError('CloudHsmResourceNotFoundException', message);
}
