import type { Identity } from './arn.ts';
import type { ClusterKeeper } from './clusters/clusterKeeper.ts';
import type { SecurityGroup } from './clusters/securityGroup.ts';
import type { Subnet } from './clusters/subnet.ts';
import type { Connector } from './connection/connector.ts';
import type { VpcEndpointService } from './connection/vpcEndpointService.ts';
import type { KeyUsage } from './events/keyUsage.ts';
import type { KmsUser } from './kmsUser/kmsUser.ts';
import type { RequestQuota } from './operations/cryptography/requestQuota.ts';
import type { KmsState } from './state/kmsState.ts';
import type { XksProxyClient } from './xksProxy/xksProxyClient.ts';

/** Everything that the operations use. */
export interface LocalKms {
  readonly identity: Identity;
  readonly state: KmsState;
  readonly xksProxy: XksProxyClient;
  readonly connector: Connector;
  readonly vpcEndpointServices: readonly VpcEndpointService[];
  /** Whether policies and grants decide what callers may do. Otherwise callers may do everything. */
  readonly evaluatePolicies: boolean;
  readonly subnets: readonly Subnet[];
  readonly securityGroups: readonly SecurityGroup[];
  readonly kmsUser: KmsUser;
  readonly clusters: ClusterKeeper;
  readonly keyUsage: KeyUsage;
  /** Ids of keys whose key material is being created in a cluster. */
  readonly keysInCreation: Set<string>;
  /** Quota of cryptographic requests to a key store. */
  readonly quota: RequestQuota;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Length of a day for PendingWindowInDays and for backups, in milliseconds. */
  readonly dayMs: number;
}
