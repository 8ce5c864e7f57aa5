import type { Columns } from './recordTable.ts';
import type { Tag } from './records.ts';

// Records of AWS CloudHSM. Their fields have the names of the service model of CloudHSM V2 2017-04-28. Times are milliseconds since the
// epoch.

export type ClusterState =
  | 'CREATE_IN_PROGRESS'
  | 'UNINITIALIZED'
  | 'INITIALIZE_IN_PROGRESS'
  | 'INITIALIZED'
  | 'ACTIVE'
  | 'MODIFY_IN_PROGRESS'
  | 'DELETE_IN_PROGRESS'
  | 'DELETED';

export const HSM_TYPES = ['hsm1.medium', 'hsm2m.medium'] as const;
export type HsmType = (typeof HSM_TYPES)[number];
export type ClusterMode = 'FIPS' | 'NON_FIPS';

/** A cluster. The row of a deleted cluster stays, because its backups refer to it. */
export interface Cluster {
  /** `cluster-` and 11 characters. */
  readonly clusterId: string;
  readonly createTimestamp: number;
  readonly state: ClusterState;
  readonly hsmType: HsmType;
  readonly mode: ClusterMode;
  readonly vpcId: string;
  readonly securityGroup: string;
  /** Subnet ids by Availability Zone. */
  readonly subnetMapping: Readonly<Record<string, string>>;
  readonly sourceBackupId: string | undefined;
  /** Id of the first cluster in the chain of clusters created from each other's backups. */
  readonly backupHistory: string;
  readonly retentionDays: number;
  /** The certificate signing request, in PEM, until the cluster is initialized. */
  readonly csr: string | undefined;
  /** The certificate of an initialized cluster, in PEM. `trustAnchor` is the certificate of the authority that issued it. */
  readonly certificate: string | undefined;
  readonly trustAnchor: string | undefined;
  readonly tags: readonly Tag[];
}

export const CLUSTER_COLUMNS: Columns<Cluster> = {
  clusterId: 'text',
  createTimestamp: 'integer',
  state: 'text',
  hsmType: 'text',
  mode: 'text',
  vpcId: 'text',
  securityGroup: 'text',
  subnetMapping: 'json',
  sourceBackupId: 'text',
  backupHistory: 'text',
  retentionDays: 'integer',
  csr: 'text',
  certificate: 'text',
  trustAnchor: 'text',
  tags: 'json',
};

/** An HSM of a cluster, until it is deleted. */
export interface Hsm {
  /** `hsm-` and 11 characters. */
  readonly hsmId: string;
  readonly clusterId: string;
  readonly createTimestamp: number;
  readonly state: 'CREATE_IN_PROGRESS' | 'ACTIVE' | 'DELETE_IN_PROGRESS';
  readonly availabilityZone: string;
  readonly subnetId: string;
  readonly eniId: string;
  /** An IPv4 address of the subnet. */
  readonly eniIp: string;
}

export const HSM_COLUMNS: Columns<Hsm> = {
  hsmId: 'text',
  clusterId: 'text',
  createTimestamp: 'integer',
  state: 'text',
  availabilityZone: 'text',
  subnetId: 'text',
  eniId: 'text',
  eniIp: 'text',
};

/** A backup, until it is finally deleted. */
export interface Backup {
  /** `backup-` and 11 characters. */
  readonly backupId: string;
  readonly clusterId: string;
  readonly createTimestamp: number;
  readonly state: 'CREATE_IN_PROGRESS' | 'READY' | 'PENDING_DELETION';
  readonly neverExpires: boolean;
  /** Time at which a backup that is pending deletion is deleted. */
  readonly deleteTimestamp: number | undefined;
  readonly hsmType: HsmType;
  readonly mode: ClusterMode;
  readonly tags: readonly Tag[];
}

export const BACKUP_COLUMNS: Columns<Backup> = {
  backupId: 'text',
  clusterId: 'text',
  createTimestamp: 'integer',
  state: 'text',
  neverExpires: 'boolean',
  deleteTimestamp: 'integer',
  hsmType: 'text',
  mode: 'text',
  tags: 'json',
};
