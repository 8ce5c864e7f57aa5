import type { Cluster } from '../state/clusterRecords.ts';

const INITIALIZED: readonly Cluster['state'][] = ['INITIALIZED', 'ACTIVE', 'MODIFY_IN_PROGRESS'];

/** Whether the cluster has a process as soon as it has an HSM. */
export function isInitialized(cluster: Cluster | undefined): boolean {
  return cluster !== undefined && INITIALIZED.includes(cluster.state);
}

/** The state that ends a state in progress; any other stays. */
export function stateAfter({ state, sourceBackupId }: Cluster): Cluster['state'] {
  switch (state) {
    case 'CREATE_IN_PROGRESS':
      return sourceBackupId === undefined ? 'UNINITIALIZED' : 'INITIALIZED';
    case 'INITIALIZE_IN_PROGRESS':
      return 'INITIALIZED';
    case 'MODIFY_IN_PROGRESS':
      return 'ACTIVE';
    case 'DELETE_IN_PROGRESS':
      return 'DELETED';
    case 'UNINITIALIZED':
    case 'INITIALIZED':
    case 'ACTIVE':
    case 'DELETED':
      return state;
  }
}
