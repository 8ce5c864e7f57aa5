import { randomInt } from 'node:crypto';
import { newCloudHsmId, newEc2Id } from '../../src/kms/clusters/newId.ts';
import type { Backup, Cluster, Hsm } from '../../src/kms/state/clusterRecords.ts';

/** A cluster as CreateCluster makes it. */
export const UNINITIALIZED_CLUSTER: Cluster = {
  clusterId: 'cluster-abcdefghij2',
  createTimestamp: 1,
  state: 'UNINITIALIZED',
  hsmType: 'hsm2m.medium',
  mode: 'FIPS',
  vpcId: 'vpc-00000000000000001',
  securityGroup: 'sg-00000000000000001',
  subnetMapping: { 'us-east-1a': 'subnet-00000000000000001' },
  sourceBackupId: undefined,
  backupHistory: 'cluster-abcdefghij2',
  retentionDays: 90,
  csr: 'a request',
  certificate: undefined,
  trustAnchor: undefined,
  tags: [{ key: 'a', value: 'b' }],
};

/** An HSM of that cluster, as CreateHsm makes it. */
export const HSM: Hsm = {
  hsmId: 'hsm-abcdefghij2',
  clusterId: UNINITIALIZED_CLUSTER.clusterId,
  createTimestamp: 2,
  state: 'CREATE_IN_PROGRESS',
  availabilityZone: 'us-east-1a',
  subnetId: 'subnet-00000000000000001',
  eniId: 'eni-00000000000000001',
  eniIp: '10.0.1.4',
};

/** A backup of that cluster. */
export const BACKUP: Backup = {
  backupId: 'backup-abcdefghij2',
  clusterId: UNINITIALIZED_CLUSTER.clusterId,
  createTimestamp: 3,
  state: 'READY',
  neverExpires: false,
  deleteTimestamp: undefined,
  hsmType: 'hsm2m.medium',
  mode: 'FIPS',
  tags: [],
};

/** An ACTIVE cluster with its own id, in two zones. */
export function newActiveCluster(): Cluster {
  const clusterId = newCloudHsmId('cluster');
  const subnetMapping = { 'us-east-1a': 'subnet-00000000000000001', 'us-east-1b': 'subnet-00000000000000002' };
  return {
    ...UNINITIALIZED_CLUSTER,
    clusterId,
    backupHistory: clusterId,
    state: 'ACTIVE',
    subnetMapping,
    csr: undefined,
  };
}

/** An ACTIVE HSM of the cluster, in the zone of this subnet. */
export function newActiveHsm({ clusterId }: Cluster, availabilityZone: string, subnetId: string): Hsm {
  const address = randomInt(10, 250);
  const [hsmId, eniId] = [newCloudHsmId('hsm'), newEc2Id('eni')];
  const eniIp = `10.0.${randomInt(250)}.${address}`;
  return { ...HSM, hsmId, eniId, eniIp, clusterId, state: 'ACTIVE', availabilityZone, subnetId };
}
