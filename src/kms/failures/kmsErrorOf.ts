import { KmsError } from '../kmsError.ts';
import type { ConnectionErrorCode, Connectivity } from '../state/records.ts';
import type { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { CLUSTER_FAILURE_TABLE, type ClusterProblem } from './clusterFailureTable.ts';
import { FAILURE_TABLE } from './failureTable.ts';

// The caller learns only the kind of failure. The proxy's own message goes to the log. Spec, "KMS Considerations".

/** Returns the exception of CreateCustomKeyStore and UpdateCustomKeyStore. */
export function managementError({ reason, detail }: XksProxyFailure): KmsError {
  const { management, message, managementMessage = message } = FAILURE_TABLE[reason];
  return new KmsError(management, managementMessage, { detail });
}

export function createKeyError({ reason, detail }: XksProxyFailure): KmsError {
  const { createKey, message } = FAILURE_TABLE[reason];
  return new KmsError(createKey, message, { detail });
}

/** Returns the exception of Encrypt, Decrypt, ReEncrypt and GenerateDataKey(WithoutPlaintext). */
export function cryptographicError({ reason, detail }: XksProxyFailure): KmsError {
  const { cryptographic, message } = FAILURE_TABLE[reason];
  return new KmsError(cryptographic, message, { detail });
}

/** Returns the ConnectionErrorCode of a key store that cannot be connected. */
export function connectionErrorCode({ reason }: XksProxyFailure, connectivity: Connectivity): ConnectionErrorCode {
  // If the certificate lacks the private DNS name, the endpoint service is at fault. Guide, "Connection error codes".
  if (reason === 'InvalidTlsName' && connectivity === 'VPC_ENDPOINT_SERVICE') {
    return 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION';
  }
  return FAILURE_TABLE[reason].connection;
}

/** Returns the exception of CreateKey and GenerateRandom if the cluster of a key store does not serve. */
export function createKeyErrorOfCluster(problem: ClusterProblem, detail?: string): KmsError {
  const { createKey, message } = CLUSTER_FAILURE_TABLE[problem];
  return new KmsError(createKey, message, { detail });
}

/** Returns the exception of cryptographic operations if a cluster does not serve. */
export function clusterError(problem: ClusterProblem, detail?: string): KmsError {
  const { cryptographic, message } = CLUSTER_FAILURE_TABLE[problem];
  return new KmsError(cryptographic, message, { detail });
}
