import { z } from 'zod';
import { cloudHsmOperation, invalidRequest } from './cloudHsmOperation.ts';
import { describeCluster } from './describe.ts';
import { findCluster, requireClusterState } from './find.ts';
import * as member from './members.ts';

const shape = z.object({
  ClusterId: member.clusterId,
  HsmType: member.hsmType.optional(),
  BackupRetentionPolicy: member.backupRetentionPolicy.optional(),
});

/** Changes a cluster. A new retention period takes effect at once. A new HSM type puts the cluster into MODIFY_IN_PROGRESS first. */
export const modifyCluster = cloudHsmOperation(shape, (kms, { ClusterId, HsmType, BackupRetentionPolicy }) => {
  const cluster = findCluster(kms, ClusterId);
  if (HsmType === undefined && BackupRetentionPolicy === undefined) {
    throw invalidRequest('Specify BackupRetentionPolicy or HsmType.');
  }
  requireClusterState(cluster, 'ModifyCluster', ['UNINITIALIZED', 'INITIALIZED', 'ACTIVE']);
  const hsmType = HsmType ?? cluster.hsmType;
  const isMigration = hsmType !== cluster.hsmType;
  if (isMigration) {
    requireClusterState(cluster, 'ModifyCluster with another HsmType', ['ACTIVE']);
    if (hsmType === 'hsm1.medium')
      throw invalidRequest('A cluster cannot change from hsm2m.medium back to hsm1.medium.');
  }
  kms.clusters.putCluster({
    ...cluster,
    hsmType,
    retentionDays: BackupRetentionPolicy?.Value ?? cluster.retentionDays,
    state: isMigration ? 'MODIFY_IN_PROGRESS' : cluster.state,
  });
  return { Cluster: describeCluster(kms, findCluster(kms, ClusterId)) };
});
