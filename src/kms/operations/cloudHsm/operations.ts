import type { Operation } from '../operation.ts';
import { createCluster } from './createCluster.ts';
import { createHsm } from './createHsm.ts';
import { deleteBackup } from './deleteBackup.ts';
import { deleteCluster } from './deleteCluster.ts';
import { deleteHsm } from './deleteHsm.ts';
import { describeBackups } from './describeBackups.ts';
import { describeClusters } from './describeClusters.ts';
import { initializeCluster } from './initializeCluster.ts';
import { listTags } from './listTags.ts';
import { modifyBackupAttributes } from './modifyBackupAttributes.ts';
import { modifyCluster } from './modifyCluster.ts';
import { restoreBackup } from './restoreBackup.ts';
import { tagResource } from './tagResource.ts';
import { untagResource } from './untagResource.ts';

/** The operations of CloudHSM that the local KMS supports, by name. */
export const CLOUD_HSM_OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateCluster: createCluster,
  InitializeCluster: initializeCluster,
  DescribeClusters: describeClusters,
  ModifyCluster: modifyCluster,
  DeleteCluster: deleteCluster,
  CreateHsm: createHsm,
  DeleteHsm: deleteHsm,
  DescribeBackups: describeBackups,
  ModifyBackupAttributes: modifyBackupAttributes,
  DeleteBackup: deleteBackup,
  RestoreBackup: restoreBackup,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTags: listTags,
};
