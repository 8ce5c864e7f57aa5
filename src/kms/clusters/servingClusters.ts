import type { ClusterProblem } from '../failures/clusterFailureTable.ts';
import type { Cluster } from '../state/clusterRecords.ts';
import type { KmsState } from '../state/kmsState.ts';

/** Finds a cluster that is neither deleted nor being deleted. */
export function findPresentCluster({ clusters }: KmsState, clusterId: string): Cluster | undefined {
  const cluster = clusters.find(clusterId);
  return cluster && !['DELETED', 'DELETE_IN_PROGRESS'].includes(cluster.state) ? cluster : undefined;
}

/** Returns the Availability Zones in which a cluster has active HSMs. */
export function zonesWithHsm({ hsms }: KmsState, clusterId: string): ReadonlySet<string> {
  const active = hsms.list({ clusterId }).filter(({ state }) => state === 'ACTIVE');
  return new Set(active.map(({ availabilityZone }) => availabilityZone));
}

/** Returns a problem that keeps a cluster from serving a key store, as far as KMS knows without a call to the cluster. */
export function findServingProblem(state: KmsState, clusterId: string): ClusterProblem | undefined {
  if (!findPresentCluster(state, clusterId)) return 'cluster not found';
  return zonesWithHsm(state, clusterId).size === 0 ? 'no active HSM' : undefined;
}
