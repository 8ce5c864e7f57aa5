import type { ConnectionErrorCode } from '../state/records.ts';

/** Why a key store is FAILED, and what to do, in words. AWS KMS Developer Guide, "Connection error codes", of both kinds. */
export interface ConnectionErrorHelp {
  readonly cause: string;
  /** Between disconnecting and connecting. */
  readonly cure: string;
}

const CLUSTER_FROM_BACKUP = 'Create a cluster from a backup, with two HSMs, and give the key store its cluster id.';

export const CONNECTION_ERRORS: Readonly<Record<ConnectionErrorCode, ConnectionErrorHelp>> = {
  INTERNAL_ERROR: { cause: 'KMS itself has failed.', cure: 'Look at the log of the local KMS.' },
  INVALID_CREDENTIALS: {
    cause:
      'What KMS was told is not what the proxy has for its credential, or the cluster for the password of kmsuser.',
    cure: 'Update the key store with the right credential or password.',
  },
  NETWORK_ERRORS: {
    cause: 'The connection to the proxy breaks, or the cluster cannot be reached.',
    cure: 'Wait, and see that the proxy or the cluster runs; a proxy may want a client certificate.',
  },
  XKS_PROXY_ACCESS_DENIED: {
    cause: 'The proxy refuses KMS.',
    cure: 'See which policy of the proxy forbids GetHealthStatus.',
  },
  XKS_PROXY_INVALID_CONFIGURATION: {
    cause: 'The proxy has no key store at this URI path.',
    cure: 'Update the URI path, or the configuration of the proxy.',
  },
  XKS_PROXY_INVALID_RESPONSE: {
    cause:
      'The proxy, or something in its place, does not answer as the specification says; or none of its HSMs serves.',
    cure: 'Look at the log of the proxy, and of what is before it.',
  },
  XKS_PROXY_INVALID_TLS_CONFIGURATION: {
    cause:
      'The certificate of the proxy is of another name, has expired, or is of an authority that KMS does not know.',
    cure: 'Mend the certificate of the proxy.',
  },
  XKS_PROXY_NOT_REACHABLE: {
    cause: 'Nothing answers at the endpoint, or the proxy says that none of its key managers is available.',
    cure: 'Start the proxy, or update the URI endpoint.',
  },
  XKS_PROXY_TIMED_OUT: {
    cause: 'The proxy did not answer in time.',
    cure: 'See that the proxy and its key manager are well, and near enough.',
  },
  XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION: {
    cause: 'The VPC endpoint service does not fulfil a requirement.',
    cure: 'The log of the local KMS says which; mend the VPC endpoint service.',
  },
  XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND: {
    cause: 'The VPC endpoint service does not exist, or is not for KMS.',
    cure: 'Make it, or update the key store with the name of another.',
  },
  CLUSTER_NOT_FOUND: { cause: 'The cluster was deleted.', cure: CLUSTER_FROM_BACKUP },
  INSUFFICIENT_CLOUDHSM_HSMS: { cause: 'The cluster has no active HSM.', cure: 'Add an HSM to the cluster.' },
  INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET: {
    cause: 'A subnet of the cluster has no free address for KMS.',
    cure: 'Free addresses in the subnet, or create a cluster from a backup elsewhere.',
  },
  SUBNET_NOT_FOUND: { cause: 'A subnet of the cluster was deleted.', cure: CLUSTER_FROM_BACKUP },
  USER_LOCKED_OUT: {
    cause: 'Wrong passwords have locked kmsuser.',
    cure: 'As admin, change the password of kmsuser, and update the key store with it.',
  },
  USER_LOGGED_IN: {
    cause: 'kmsuser is logged in elsewhere, so that KMS cannot rotate its password.',
    cure: 'Log kmsuser out there; update the key store with the password if it was changed.',
  },
  USER_NOT_FOUND: {
    cause: 'The cluster has no kmsuser.',
    cure: 'Create kmsuser in the cluster, and update the key store with its password.',
  },
};
