import { z } from 'zod';
import { cloudHsmOperation, invalidRequest } from './cloudHsmOperation.ts';
import { describeCluster } from './describe.ts';
import { findCluster, requireClusterState } from './find.ts';
import { clusterId } from './members.ts';

export const deleteCluster = cloudHsmOperation(z.object({ ClusterId: clusterId }), (kms, { ClusterId }) => {
  const cluster = findCluster(kms, ClusterId);
  requireClusterState(cluster, 'DeleteCluster', ['UNINITIALIZED', 'INITIALIZED', 'ACTIVE']);
  const hsms = kms.state.hsms.list({ clusterId: ClusterId });
  if (hsms.length > 0) {
    const ids = hsms.map(({ hsmId }) => hsmId).join(', ');
    throw invalidRequest(`Cluster ${ClusterId} has HSMs. Delete them first, with DeleteHsm: ${ids}.`);
  }
  const deleted = { ...cluster, state: 'DELETE_IN_PROGRESS' } as const;
  kms.clusters.putCluster(deleted);
  return { Cluster: describeCluster(kms, deleted) };
});
