import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import { findPresentCluster, findServingProblem } from '../clusters/servingClusters.ts';
import { freeAddresses } from '../clusters/freeAddresses.ts';
import { CLUSTER_FAILURE_TABLE } from '../failures/clusterFailureTable.ts';
import { checkKeyMaterial } from '../kmsUser/checkKeyMaterial.ts';
import type { LocalKms } from '../localKms.ts';
import type { CloudHsmKeyStore } from '../state/records.ts';
import { failed, type ConnectionResult } from './connectionResult.ts';

type Kms = Pick<LocalKms, 'state' | 'subnets' | 'kmsUser'>;

/** Tries once to connect a key store to its cluster. Rejects only if an error is not a ClusterFailure. */
export async function connectToCluster(kms: Kms, store: CloudHsmKeyStore): Promise<ConnectionResult> {
  const { cloudHsmClusterId } = store;
  const problem = findServingProblem(kms.state, cloudHsmClusterId);
  if (problem) return failed(CLUSTER_FAILURE_TABLE[problem].connection, `${cloudHsmClusterId}: ${problem}`);
  const result = judgeSubnets(kms, cloudHsmClusterId);
  if (result.state === 'FAILED') return result;
  try {
    await kms.kmsUser.connect(store);
    await checkKeyMaterial(kms, store);
    return { state: 'CONNECTED' };
  } catch (error) {
    // A key store that is FAILED must not keep other clients from logging in.
    await kms.kmsUser.disconnect(store.customKeyStoreId);
    if (!(error instanceof ClusterFailure)) throw error;
    return failed(CLUSTER_FAILURE_TABLE[error.reason].connection, error.message);
  }
}

/** Checks that each subnet of the cluster has an address for the network interface of KMS. */
function judgeSubnets(kms: Kms, clusterId: string): ConnectionResult {
  const ids = Object.values(findPresentCluster(kms.state, clusterId)?.subnetMapping ?? {});
  for (const id of ids) {
    const subnet = kms.subnets.find(({ subnetId }) => subnetId === id);
    if (!subnet) return failed('SUBNET_NOT_FOUND', `The subnet ${id} of ${clusterId} was deleted.`);
    if (freeAddresses(kms.state, subnet) <= 0) {
      return failed(
        'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
        `The subnet ${id} of ${clusterId} has no free IP address.`,
      );
    }
  }
  return { state: 'CONNECTED' };
}
