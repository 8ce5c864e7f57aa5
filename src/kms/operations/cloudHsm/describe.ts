import type { LocalKms } from '../../localKms.ts';
import type { Backup, Cluster, Hsm } from '../../state/clusterRecords.ts';
import type { Tag } from '../../state/records.ts';

type Described = Readonly<Record<string, unknown>>;

// AWS CloudHSM User Guide, "Initialize the cluster".
export const STATE_MESSAGES: Partial<Record<Cluster['state'], string>> = {
  INITIALIZE_IN_PROGRESS: 'Cluster is initializing. State will change to INITIALIZED upon completion.',
};

/** `Cluster` of the service model. */
export function describeCluster(kms: LocalKms, cluster: Cluster): Described {
  const { clusterId, state } = cluster;
  return {
    BackupPolicy: 'DEFAULT',
    BackupRetentionPolicy: { Type: 'DAYS', Value: String(cluster.retentionDays) },
    ClusterId: clusterId,
    CreateTimestamp: new Date(cluster.createTimestamp),
    Hsms: kms.state.hsms.list({ clusterId }).map((hsm) => describeHsm(kms, hsm)),
    HsmType: cluster.hsmType,
    SecurityGroup: cluster.securityGroup,
    SourceBackupId: cluster.sourceBackupId,
    State: state,
    StateMessage: problemOf(kms, clusterId) ?? STATE_MESSAGES[state],
    SubnetMapping: cluster.subnetMapping,
    VpcId: cluster.vpcId,
    NetworkType: 'IPV4',
    Certificates: {
      ClusterCsr: state === 'UNINITIALIZED' ? cluster.csr : undefined,
      ClusterCertificate: cluster.certificate,
    },
    TagList: describeTags(cluster.tags),
    Mode: cluster.mode,
  };
}

/** `Hsm` of the service model. */
export function describeHsm(kms: LocalKms, hsm: Hsm): Described {
  return {
    AvailabilityZone: hsm.availabilityZone,
    ClusterId: hsm.clusterId,
    SubnetId: hsm.subnetId,
    EniId: hsm.eniId,
    EniIp: hsm.eniIp,
    HsmId: hsm.hsmId,
    State: hsm.state,
    StateMessage: problemOf(kms, hsm.hsmId),
  };
}

/** `Backup` of the service model. */
export function describeBackup({ identity }: LocalKms, backup: Backup): Described {
  const { backupId, deleteTimestamp } = backup;
  return {
    BackupId: backupId,
    BackupArn: `arn:aws:cloudhsm:${identity.region}:${identity.accountId}:backup/${backupId}`,
    BackupState: backup.state,
    ClusterId: backup.clusterId,
    CreateTimestamp: new Date(backup.createTimestamp),
    NeverExpires: backup.neverExpires,
    DeleteTimestamp: deleteTimestamp === undefined ? undefined : new Date(deleteTimestamp),
    TagList: describeTags(backup.tags),
    HsmType: backup.hsmType,
    Mode: backup.mode,
  };
}

export function describeTags(tags: readonly Tag[]): Described[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}

// The service model's StateMessage.
const MAX_MESSAGE_CHARACTERS = 300;

function problemOf({ clusters }: LocalKms, id: string): string | undefined {
  const problem = clusters.problemOf(id);
  return problem && `The last attempt failed, and is repeated: ${problem}`.slice(0, MAX_MESSAGE_CHARACTERS);
}
