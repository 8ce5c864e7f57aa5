import { z } from 'zod';
import { newCloudHsmId, newEc2Id } from '../../clusters/newId.ts';
import type { Subnet } from '../../clusters/subnet.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Backup } from '../../state/clusterRecords.ts';
import { cloudHsmOperation, invalidRequest } from './cloudHsmOperation.ts';
import { describeCluster } from './describe.ts';
import { findBackup, findCluster, notFound, requireBackupState } from './find.ts';
import * as member from './members.ts';
import { tagsOf } from './tags.ts';

const shape = z.object({
  HsmType: member.hsmType,
  SubnetIds: member.subnetIds,
  SourceBackupId: member.sourceBackupId.optional(),
  BackupRetentionPolicy: member.backupRetentionPolicy.optional(),
  NetworkType: member.networkType.optional(),
  Mode: member.mode.optional(),
  TagList: member.tagList.optional(),
});
type Input = z.output<typeof shape>;

// AWS CloudHSM User Guide, "Configure backup retention".
const DEFAULT_RETENTION_DAYS = 90;

export const createCluster = cloudHsmOperation(shape, async (kms, input) => {
  const tags = tagsOf(input.TagList);
  const subnets = subnetsOf(kms, input.SubnetIds);
  if (input.NetworkType === 'DUALSTACK') {
    throw invalidRequest('NetworkType must be IPV4: the subnets of the local KMS have no IPv6 addresses.');
  }
  const { Mode: mode = 'FIPS', HsmType: hsmType } = input;
  const backup = sourceOf(kms, input);
  if (backup) requireFit(backup, { ...input, Mode: mode });
  else if (hsmType === 'hsm1.medium' && mode === 'NON_FIPS') {
    throw invalidRequest('An hsm1.medium cluster has the mode FIPS; use hsm2m.medium for NON_FIPS.');
  }
  const clusterId = newCloudHsmId('cluster');
  const parent = backup && kms.state.clusters.find(backup.clusterId);
  // Loaded only here, because node-forge takes a while to load.
  const { makeClusterCsr } = await import('../../clusters/certificates/clusterCsr.ts');
  const csr = backup ? undefined : await makeClusterCsr(`HSM of ${clusterId}`);
  // The backup may have been deleted meanwhile. From now on a deletion waits for the cluster that is being created from it.
  if (backup) requireBackupState(findBackup(kms, backup.backupId), 'CreateCluster', ['READY']);
  kms.clusters.putCluster({
    clusterId,
    createTimestamp: kms.clock(),
    state: 'CREATE_IN_PROGRESS',
    hsmType,
    mode,
    vpcId: subnets[0]?.vpcId ?? '',
    securityGroup: newEc2Id('sg'),
    subnetMapping: Object.fromEntries(subnets.map(({ availabilityZone, subnetId }) => [availabilityZone, subnetId])),
    sourceBackupId: backup?.backupId,
    backupHistory: parent?.backupHistory ?? clusterId,
    retentionDays: input.BackupRetentionPolicy?.Value ?? DEFAULT_RETENTION_DAYS,
    csr,
    certificate: parent?.certificate,
    trustAnchor: parent?.trustAnchor,
    tags,
  });
  return { Cluster: describeCluster(kms, findCluster(kms, clusterId)) };
});

/** Finds the subnets. Throws CloudHsmInvalidRequestException unless they exist, in one VPC and in different zones. */
function subnetsOf(kms: LocalKms, subnetIds: readonly string[]): readonly Subnet[] {
  const subnets = subnetIds.map((id) => {
    const subnet = kms.subnets.find(({ subnetId }) => subnetId === id);
    if (subnet) return subnet;
    const known = kms.subnets.map(({ subnetId }) => subnetId).join(', ');
    throw invalidRequest(
      `The subnet ${id} does not exist. The configuration of the local KMS has: ${known || 'none'}.`,
    );
  });
  if (new Set(subnets.map(({ vpcId }) => vpcId)).size > 1) {
    throw invalidRequest('All subnets must be in the same virtual private cloud (VPC).');
  }
  if (new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size < subnets.length) {
    throw invalidRequest('You can specify only one subnet per Availability Zone.');
  }
  return subnets;
}

/** Finds the backup that SourceBackupId names, if the request has one. Throws CloudHsmResourceNotFoundException. */
function sourceOf(kms: LocalKms, { SourceBackupId: source }: Input): Backup | undefined {
  if (source === undefined) return undefined;
  const { region, accountId } = kms.identity;
  const [backupId = '', place] = source.split('/').toReversed();
  if (place !== undefined && place !== `arn:aws:cloudhsm:${region}:${accountId}:backup`) {
    throw notFound(`${source} does not exist. The local KMS has only the account ${accountId} in ${region}.`);
  }
  const backup = findBackup(kms, backupId);
  requireBackupState(backup, 'CreateCluster', ['READY']);
  return backup;
}

/** Throws CloudHsmInvalidRequestException unless a cluster of this kind can hold the backup. */
function requireFit(backup: Backup, { Mode, HsmType }: Input): void {
  if (backup.mode !== Mode) throw invalidRequest(`The Mode must be that of the backup, ${backup.mode}.`);
  if (backup.hsmType === 'hsm2m.medium' && HsmType === 'hsm1.medium') {
    throw invalidRequest('A backup of an hsm2m.medium cluster cannot be restored to hsm1.medium.');
  }
}
