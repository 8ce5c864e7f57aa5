import type { ShownMembers, ShownMembersOfOperations } from './showMembers.ts';

const TAGS: ShownMembers = { TagList: { Key: true, Value: true } };
const PAGE: ShownMembers = { MaxResults: true };
const CLUSTER_ID: ShownMembers = { ClusterId: true };
const BACKUP_ID: ShownMembers = { BackupId: true };
const RETENTION: ShownMembers = { BackupRetentionPolicy: { Type: true, Value: true } };
const HSM: ShownMembers = {
  AvailabilityZone: true,
  ClusterId: true,
  SubnetId: true,
  EniId: true,
  EniIp: true,
  HsmId: true,
  State: true,
};
const CLUSTER: ShownMembers = {
  Cluster: {
    BackupPolicy: true,
    ...RETENTION,
    ClusterId: true,
    CreateTimestamp: true,
    Hsms: HSM,
    HsmType: true,
    SecurityGroup: true,
    SourceBackupId: true,
    State: true,
    StateMessage: true,
    SubnetMapping: true,
    VpcId: true,
    NetworkType: true,
    ...TAGS,
    Mode: true,
  },
};
const BACKUP: ShownMembers = {
  Backup: {
    BackupId: true,
    BackupArn: true,
    BackupState: true,
    ClusterId: true,
    CreateTimestamp: true,
    NeverExpires: true,
    DeleteTimestamp: true,
    ...TAGS,
    HsmType: true,
    Mode: true,
  },
};

/**
 * Members of inputs and outputs that the events of CloudHSM's operations show. Members that are not listed are hidden. Certificates are not
 * listed, because they are long and DescribeClusters returns them. AWS CloudHSM User Guide, "Logging AWS CloudHSM API calls with AWS
 * CloudTrail".
 */
export const CLOUD_HSM_SHOWN_MEMBERS: ShownMembersOfOperations = {
  CreateCluster: {
    request: {
      ...RETENTION,
      HsmType: true,
      SourceBackupId: true,
      SubnetIds: true,
      NetworkType: true,
      ...TAGS,
      Mode: true,
    },
    response: CLUSTER,
  },
  InitializeCluster: { request: CLUSTER_ID, response: { State: true, StateMessage: true } },
  DescribeClusters: { request: { Filters: true, ...PAGE } },
  ModifyCluster: { request: { ...CLUSTER_ID, ...RETENTION, HsmType: true }, response: CLUSTER },
  DeleteCluster: { request: CLUSTER_ID, response: CLUSTER },
  CreateHsm: { request: { ...CLUSTER_ID, AvailabilityZone: true, IpAddress: true }, response: { Hsm: HSM } },
  DeleteHsm: { request: { ...CLUSTER_ID, HsmId: true, EniId: true, EniIp: true }, response: { HsmId: true } },
  DescribeBackups: { request: { Filters: true, ...PAGE, Shared: true, SortAscending: true } },
  ModifyBackupAttributes: { request: { ...BACKUP_ID, NeverExpires: true }, response: BACKUP },
  DeleteBackup: { request: BACKUP_ID, response: BACKUP },
  RestoreBackup: { request: BACKUP_ID, response: BACKUP },
  TagResource: { request: { ResourceId: true, ...TAGS } },
  UntagResource: { request: { ResourceId: true, TagKeyList: true } },
  ListTags: { request: { ResourceId: true, ...PAGE } },
};
