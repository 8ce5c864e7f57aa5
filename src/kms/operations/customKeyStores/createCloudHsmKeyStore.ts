import { z } from 'zod';
import { Secret } from '../../../secret.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import { parseInput } from '../parseInput.ts';
import { cloudHsmMembers } from './cloudHsmMembers.ts';
import { requireSuitableCluster, requireTrustAnchor, requireUnusedCluster } from './clusterRules.ts';
import type { NewKeyStore } from './newKeyStore.ts';
import { requireRoom } from './requireUnique.ts';

/** Stores a new AWS CloudHSM key store. The password is not tried before ConnectCustomKeyStore. Throws KmsError. */
export function createCloudHsmKeyStore(kms: LocalKms, input: object, common: NewKeyStore): void {
  const {
    CloudHsmClusterId: cloudHsmClusterId,
    TrustAnchorCertificate: trustAnchorCertificate,
    KeyStorePassword: password,
  } = parseInput(z.object(cloudHsmMembers), input);
  if (cloudHsmClusterId === undefined || trustAnchorCertificate === undefined || password === undefined) {
    throw new KmsError(
      'ValidationException',
      'An AWS CloudHSM key store needs CloudHsmClusterId, TrustAnchorCertificate and KeyStorePassword. ' +
        'For an external key store, CustomKeyStoreType must be EXTERNAL_KEY_STORE.',
    );
  }
  requireRoom(kms, common.customKeyStoreName);
  const cluster = requireSuitableCluster(kms, cloudHsmClusterId);
  requireUnusedCluster(kms, cluster);
  requireTrustAnchor(cluster, trustAnchorCertificate);
  kms.state.customKeyStores.put({
    ...common,
    customKeyStoreType: 'AWS_CLOUDHSM',
    cloudHsmClusterId,
    trustAnchorCertificate,
    keyStorePassword: new Secret(password),
    nextKeyStorePassword: undefined,
  });
}
