import { X509Certificate } from 'node:crypto';
import { findPresentCluster, zonesWithHsm } from '../../clusters/servingClusters.ts';
import { isClosed } from '../../clusters/securityGroup.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Cluster } from '../../state/clusterRecords.ts';
import type { CloudHsmKeyStore } from '../../state/records.ts';

// Requirements on a cluster that serves a key store. AWS KMS Developer Guide, "Assemble the prerequisites", and the service model.

/** Finds a cluster that a key store can use. Throws CloudHsmClusterNotFoundException, and the errors of the next two functions. */
export function requireSuitableCluster(kms: Pick<LocalKms, 'state' | 'securityGroups'>, clusterId: string): Cluster {
  const cluster = findPresentCluster(kms.state, clusterId);
  if (!cluster) {
    throw new KmsError('CloudHsmClusterNotFoundException', `KMS cannot find the CloudHSM cluster ${clusterId}.`);
  }
  requireReadyCluster(kms, cluster);
  requireTwoHsms(kms.state, cluster);
  return cluster;
}

/**
 * Throws CloudHsmClusterNotActiveException and CloudHsmClusterInvalidConfigurationException, as ConnectCustomKeyStore does before it
 * answers.
 */
export function requireReadyCluster({ securityGroups }: Pick<LocalKms, 'securityGroups'>, cluster: Cluster): void {
  const { clusterId, state, subnetMapping, securityGroup } = cluster;
  if (state !== 'ACTIVE') {
    throw new KmsError(
      'CloudHsmClusterNotActiveException',
      `The CloudHSM cluster ${clusterId} is not active; its state is ${state}. Initialize and activate the cluster, and try again.`,
    );
  }
  if (Object.keys(subnetMapping).length < 2) {
    throw invalidConfiguration(
      `The CloudHSM cluster ${clusterId} must have private subnets in at least two Availability Zones.`,
    );
  }
  if (isClosed(securityGroups, securityGroup)) {
    throw invalidConfiguration(
      `The security group ${securityGroup} of the CloudHSM cluster ${clusterId} must have inbound and outbound rules that allow TCP traffic on ports 2223-2225.`,
    );
  }
}

/** Throws CloudHsmClusterInvalidConfigurationException. */
export function requireTwoHsms(state: LocalKms['state'], { clusterId }: Cluster): void {
  if (zonesWithHsm(state, clusterId).size >= 2) return;
  throw invalidConfiguration(
    `The CloudHSM cluster ${clusterId} must have at least two active HSMs, each in a different Availability Zone.`,
  );
}

/** Throws CloudHsmClusterInUseException if another key store uses the cluster, or one that shares a backup history with it. */
export function requireUnusedCluster({ state }: Pick<LocalKms, 'state'>, { clusterId, backupHistory }: Cluster): void {
  for (const { customKeyStoreId, cloudHsmClusterId } of state.customKeyStores.cloudHsm()) {
    if (state.clusters.find(cloudHsmClusterId)?.backupHistory !== backupHistory) continue;
    const how =
      cloudHsmClusterId === clusterId
        ? 'is used by'
        : `shares a backup history with ${cloudHsmClusterId}, which is used by`;
    throw new KmsError(
      'CloudHsmClusterInUseException',
      `The CloudHSM cluster ${clusterId} ${how} the custom key store ${customKeyStoreId}.`,
    );
  }
}

/** Throws CloudHsmClusterNotRelatedException unless the cluster shares a backup history with that of the key store. */
export function requireRelatedCluster(
  { state }: Pick<LocalKms, 'state'>,
  { cloudHsmClusterId }: CloudHsmKeyStore,
  { clusterId, backupHistory }: Cluster,
): void {
  if (state.clusters.find(cloudHsmClusterId)?.backupHistory === backupHistory) return;
  throw new KmsError(
    'CloudHsmClusterNotRelatedException',
    `The CloudHSM cluster ${clusterId} has another cluster certificate than ${cloudHsmClusterId}. ` +
      'Specify a cluster that shares a backup history with it.',
  );
}

/** Throws IncorrectTrustAnchorException unless the cluster was initialized with this trust anchor. */
export function requireTrustAnchor({ clusterId, trustAnchor }: Cluster, pem: string): void {
  if (trustAnchor !== undefined && derOf(pem)?.equals(derOf(trustAnchor) ?? Buffer.alloc(0))) return;
  throw new KmsError(
    'IncorrectTrustAnchorException',
    `TrustAnchorCertificate must be the trust anchor certificate of ${clusterId}: the content of the customerCA.crt that it was initialized with.`,
  );
}

function derOf(pem: string): Buffer | undefined {
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return undefined;
  }
}

function invalidConfiguration(message: string): KmsError {
  return new KmsError('CloudHsmClusterInvalidConfigurationException', message);
}
