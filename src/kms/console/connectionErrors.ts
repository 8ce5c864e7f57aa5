import type { ConnectionErrorCode } from '../state/records.ts';

/** Why a key store is FAILED, and what to do. AWS KMS Developer Guide, "Connection error codes", for both types of key store. */
export interface ConnectionErrorHelp {
  readonly cause: string;
  /** What to do after disconnecting the key store and before connecting it again. */
  readonly cure: string;
}

const CLUSTER_FROM_BACKUP = 'Create a cluster from a backup, with two HSMs, and give the key store its cluster id.';

export const CONNECTION_ERRORS: Readonly<Record<ConnectionErrorCode, ConnectionErrorHelp>> = {
  INTERNAL_ERROR: { cause: 'KMS itself has failed.', cure: 'Look at the log of the local KMS.' },
  INVALID_CREDENTIALS: {
    cause: 'The credential or the password of kmsuser that KMS has is not the one that the proxy or the cluster has.',
    cure: 'Update the key store with the correct credential or password.',
  },
  NETWORK_ERRORS: {
    cause: 'The connection to the proxy breaks, or the cluster cannot be reached.',
    cure: 'Wait, and check that the proxy or the cluster is running. A proxy may require a client certificate.',
  },
  XKS_PROXY_ACCESS_DENIED: {
    cause: 'The proxy refuses KMS.',
    cure: 'Find out which policy of the proxy forbids GetHealthStatus.',
  },
  XKS_PROXY_INVALID_CONFIGURATION: {
    cause: 'The proxy has no key store at this URI path.',
    cure: 'Update the URI path, or the configuration of the proxy.',
  },
  XKS_PROXY_INVALID_RESPONSE: {
    cause: 'The answer does not follow the specification, or none of the HSMs of the proxy works.',
    cure: 'Look at the log of the proxy, and of any load balancer in front of it.',
  },
  XKS_PROXY_INVALID_TLS_CONFIGURATION: {
    cause:
      'The certificate of the proxy has another name, has expired, or was issued by an authority that KMS does not trust.',
    cure: 'Replace the certificate of the proxy.',
  },
  XKS_PROXY_NOT_REACHABLE: {
    cause: 'Nothing answers at the endpoint, or the proxy says that none of its key managers is available.',
    cure: 'Start the proxy, or update the URI endpoint.',
  },
  XKS_PROXY_TIMED_OUT: {
    cause: 'The proxy did not answer in time.',
    cure: 'Check that the proxy and its key manager are healthy, and close enough to KMS.',
  },
  XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION: {
    cause: 'The VPC endpoint service does not meet a requirement.',
    cure: 'Find the requirement in the log of the local KMS, and correct the VPC endpoint service.',
  },
  XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND: {
    cause: 'The VPC endpoint service does not exist, or does not allow KMS.',
    cure: 'Create it or allow KMS, or update the key store with the name of another one.',
  },
  CLUSTER_NOT_FOUND: { cause: 'The cluster was deleted.', cure: CLUSTER_FROM_BACKUP },
  INSUFFICIENT_CLOUDHSM_HSMS: { cause: 'The cluster has no active HSM.', cure: 'Add an HSM to the cluster.' },
  INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET: {
    cause: 'A subnet of the cluster has no free address for KMS.',
    cure: 'Free addresses in the subnet, or create a cluster from a backup elsewhere.',
  },
  SUBNET_NOT_FOUND: { cause: 'A subnet of the cluster was deleted.', cure: CLUSTER_FROM_BACKUP },
  USER_LOCKED_OUT: {
    cause: 'Too many wrong passwords have locked kmsuser.',
    cure: 'As admin, change the password of kmsuser, and update the key store with it.',
  },
  USER_LOGGED_IN: {
    cause: 'kmsuser is logged in elsewhere, so KMS cannot rotate its password.',
    cure: 'Log kmsuser out there. If its password was changed, update the key store with it.',
  },
  USER_NOT_FOUND: {
    cause: 'The cluster has no kmsuser.',
    cure: 'Create kmsuser in the cluster, and update the key store with its password.',
  },
};
