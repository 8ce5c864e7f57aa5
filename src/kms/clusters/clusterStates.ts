import type { Cluster } from '../state/clusterRecords.ts';

const INITIALIZED: readonly Cluster['state'][] = ['INITIALIZED', 'ACTIVE', 'MODIFY_IN_PROGRESS'];

/** Whether the cluster is initialized, so that its process can run once it has an HSM. */
export function isInitialized(cluster: Cluster | undefined): boolean {
  return cluster !== undefined && INITIALIZED.includes(cluster.state);
}

/** Returns the state that follows a state in progress. Any other state is returned unchanged. */
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
