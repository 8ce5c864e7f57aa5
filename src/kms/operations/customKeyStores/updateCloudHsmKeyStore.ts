import { z } from 'zod';
import { Secret } from '../../../secret.ts';
import { requireConnectionState } from '../../connection/requireConnectionState.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import { parseInput } from '../parseInput.ts';
import { cloudHsmMembers } from './cloudHsmMembers.ts';
import { requireRelatedCluster, requireSuitableCluster } from './clusterRules.ts';
import { findToUpdate, nameAfter, type KeyStoreUpdate } from './keyStoreUpdate.ts';

/** Changes only KMS's record of a cluster and its `kmsuser`, not the cluster itself. Throws KmsError. */
export function updateCloudHsmKeyStore(kms: LocalKms, update: KeyStoreUpdate, input: object): void {
  const changes = parseInput(z.object(cloudHsmMembers), input);
  if (changes.TrustAnchorCertificate !== undefined) {
    throw new KmsError(
      'ValidationException',
      'TrustAnchorCertificate cannot be changed: clusters that share a backup history have the same trust anchor.',
    );
  }
  const before = findToUpdate(kms, update, 'AWS_CLOUDHSM');
  const { CloudHsmClusterId: cloudHsmClusterId = before.cloudHsmClusterId, KeyStorePassword: password } = changes;
  const changed = Object.keys(changes);
  if (changed.length > 0)
    requireConnectionState(before, `UpdateCustomKeyStore of ${changed.join(', ')}`, ['DISCONNECTED']);
  const customKeyStoreName = nameAfter(kms, before, update);
  if (changes.CloudHsmClusterId !== undefined) {
    requireRelatedCluster(kms, before, requireSuitableCluster(kms, cloudHsmClusterId));
  }
  const passwords = password !== undefined && {
    keyStorePassword: new Secret(password),
    nextKeyStorePassword: undefined,
  };
  kms.state.customKeyStores.put({ ...before, customKeyStoreName, cloudHsmClusterId, ...passwords });
}
