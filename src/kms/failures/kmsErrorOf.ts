import { KmsError } from '../kmsError.ts';
import type { ConnectionErrorCode, Connectivity } from '../state/records.ts';
import type { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { CLUSTER_FAILURE_TABLE, type ClusterProblem } from './clusterFailureTable.ts';
import { FAILURE_TABLE } from './failureTable.ts';

// The caller learns what kind of failure it was; the proxy's own words are the log's. Spec, "KMS Considerations".

/** What CreateCustomKeyStore and UpdateCustomKeyStore answer. */
export function managementError({ reason, detail }: XksProxyFailure): KmsError {
  const { management, message, managementMessage = message } = FAILURE_TABLE[reason];
  return new KmsError(management, managementMessage, { detail });
}

export function createKeyError({ reason, detail }: XksProxyFailure): KmsError {
  const { createKey, message } = FAILURE_TABLE[reason];
  return new KmsError(createKey, message, { detail });
}

/** What Encrypt, Decrypt, ReEncrypt and GenerateDataKey(WithoutPlaintext) answer. */
export function cryptographicError({ reason, detail }: XksProxyFailure): KmsError {
  const { cryptographic, message } = FAILURE_TABLE[reason];
  return new KmsError(cryptographic, message, { detail });
}

/** Why a key store is FAILED. */
export function connectionErrorCode({ reason }: XksProxyFailure, connectivity: Connectivity): ConnectionErrorCode {
  // A certificate without the private DNS name is a fault of the endpoint service. Guide, "Connection error codes".
  if (reason === 'InvalidTlsName' && connectivity === 'VPC_ENDPOINT_SERVICE') {
    return 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION';
  }
  return FAILURE_TABLE[reason].connection;
}

/** What CreateKey and GenerateRandom answer when the cluster of a key store does not serve. */
export function createKeyErrorOfCluster(problem: ClusterProblem, detail?: string): KmsError {
  const { createKey, message } = CLUSTER_FAILURE_TABLE[problem];
  return new KmsError(createKey, message, { detail });
}

/** What cryptographic operations answer when a cluster does not serve. */
export function clusterError(problem: ClusterProblem, detail?: string): KmsError {
  const { cryptographic, message } = CLUSTER_FAILURE_TABLE[problem];
  return new KmsError(cryptographic, message, { detail });
}
