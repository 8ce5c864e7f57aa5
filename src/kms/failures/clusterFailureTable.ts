import type { ClusterFailureReason } from '../../cloudHsm/clusterFailure.ts';
import type { KmsErrorName } from '../kmsError.ts';
import type { ConnectionErrorCode } from '../state/records.ts';

/** How KMS reports a failure of the cluster of an AWS CloudHSM key store. */
export interface ClusterFailureEffect {
  /** The ConnectionErrorCode of a key store that cannot be connected for this reason. */
  readonly connection: ConnectionErrorCode;
  /** The exception of CreateKey, and of GenerateRandom. */
  readonly createKey: KmsErrorName;
  /** The exception of cryptographic operations. */
  readonly cryptographic: KmsErrorName;
  /** The message of the exceptions. */
  readonly message: string;
}

/** Reason why a cluster does not serve: its answer, or a fact that KMS itself knows. */
export type ClusterProblem = ClusterFailureReason | 'cluster not found' | 'no active HSM';

const NO_COMMUNICATION = 'KMS cannot communicate with your CloudHSM cluster';
const NO_LOGIN =
  'disconnect the custom key store, set the password of kmsuser in the cluster, update the key store with that password, and connect';

const USUAL = {
  createKey: 'CustomKeyStoreInvalidStateException',
  cryptographic: 'KMSInvalidStateException',
} as const;

/** For failures that the administrator of the cluster did not cause. */
const INTERNAL = {
  connection: 'INTERNAL_ERROR',
  createKey: 'KMSInternalException',
  cryptographic: 'KMSInternalException',
  message: 'AWS KMS could not complete the request due to an internal error. Retry the request.',
} as const;

/**
 * How KMS reports each problem. AWS KMS Developer Guide, "Troubleshooting a custom key store". The guide names no exception of CreateKey
 * for a failing cluster. Our choice is the exception for a key store that is not connected or, where a retry may help, one that the service
 * model calls retryable.
 */
export const CLUSTER_FAILURE_TABLE: Readonly<Record<ClusterProblem, ClusterFailureEffect>> = {
  'cluster not found': {
    ...USUAL,
    connection: 'CLUSTER_NOT_FOUND',
    message: `${NO_COMMUNICATION} because the cluster does not exist. Create a cluster from a backup, disconnect the custom key store, change its cluster ID, and connect.`,
  },
  'no active HSM': {
    ...USUAL,
    connection: 'INSUFFICIENT_CLOUDHSM_HSMS',
    message: `${NO_COMMUNICATION} because it does not contain any active HSMs. Add an HSM to the cluster, and try the request again.`,
  },
  unreachable: {
    ...USUAL,
    connection: 'NETWORK_ERRORS',
    createKey: 'DependencyTimeoutException',
    message: `${NO_COMMUNICATION}. This can be a transient networking issue. If you see this error repeatedly, verify that the network ACLs and the security group rules for the VPC of your CloudHSM cluster are correct.`,
  },
  'locked out': {
    ...USUAL,
    connection: 'USER_LOCKED_OUT',
    message: `${NO_COMMUNICATION} because the kmsuser is locked out. If you see this error repeatedly, disconnect the CloudHSM key store and reset the kmsuser account password. Update the kmsuser password for the custom key store and try the request again.`,
  },
  'wrong password': {
    ...USUAL,
    connection: 'INVALID_CREDENTIALS',
    message: `${NO_COMMUNICATION} because KMS does not know the password of the kmsuser. To repair it, ${NO_LOGIN}.`,
  },
  'user not found': {
    ...USUAL,
    connection: 'USER_NOT_FOUND',
    message: `${NO_COMMUNICATION} because it has no kmsuser. To repair it, disconnect the custom key store, create kmsuser in the cluster, update the key store with its password, and connect.`,
  },
  'logged in elsewhere': {
    ...USUAL,
    connection: 'USER_LOGGED_IN',
    message: `${NO_COMMUNICATION} because the kmsuser is logged in to it elsewhere. Log it out. If its password was changed, disconnect the custom key store, update it with the password, and connect.`,
  },
  'key not found': {
    ...USUAL,
    connection: 'INTERNAL_ERROR',
    message:
      'The key material of this KMS key does not exist in your CloudHSM cluster. To recover it, create a cluster from a backup that has it, disconnect the custom key store, change its cluster ID, and connect.',
  },
  'invalid ciphertext': {
    ...INTERNAL,
    cryptographic: 'InvalidCiphertextException',
    // No message, because AWS sends none either.
    message: '',
  },
  'no free session': {
    ...INTERNAL,
    message:
      'KMS has no free PKCS #11 session in your CloudHSM cluster: too many requests are in progress. Retry the request.',
  },
  'not activated': INTERNAL,
  'already activated': INTERNAL,
  'not logged in': INTERNAL,
  refused: INTERNAL,
  failed: INTERNAL,
};
