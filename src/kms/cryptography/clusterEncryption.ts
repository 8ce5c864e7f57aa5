import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import { clusterError } from '../failures/kmsErrorOf.ts';
import type { LocalKms } from '../localKms.ts';
import type { CloudHsmKey, CloudHsmKeyStore } from '../state/records.ts';
import { findServingProblem } from '../clusters/servingClusters.ts';
import { keyIdToBytes } from './keyIdBytes.ts';
import type { ClusterKeys } from '../kmsUser/kmsUser.ts';
import { requireFormat } from './ciphertextBlob.ts';
import type { KeyUse } from './keyUse.ts';

type Kms = Pick<LocalKms, 'state' | 'kmsUser'>;

/**
 * Returns the use of a key in a cluster, which encrypts with AES-GCM in its token. The additional authenticated data binds a ciphertext to
 * the KMS key and the context.
 */
export function useClusterKey(kms: Kms, key: CloudHsmKey, store: CloudHsmKeyStore, kmsOperation: string): KeyUse {
  const { keyId, backingKeyId: id } = key;
  const aadOf = (context: Buffer): Buffer => Buffer.concat([keyIdToBytes(keyId), context]);
  return {
    key,
    kmsOperation,
    encrypt: async (plaintext, context) => {
      const sealed = await run(kms, key, store, (cluster) => cluster.encrypt({ id }, plaintext, aadOf(context)));
      return {
        initializationVector: Buffer.from(sealed.iv),
        authenticationTag: Buffer.from(sealed.tag),
        ciphertextMetadata: Buffer.alloc(0),
        ciphertext: Buffer.from(sealed.ciphertext),
      };
    },
    decrypt: (sealed, context) => {
      const { ciphertext, initializationVector: iv, authenticationTag: tag } = sealed;
      requireFormat(sealed.ciphertextMetadata.length === 0);
      return run(kms, key, store, (cluster) => cluster.decrypt({ id }, { ciphertext, iv, tag }, aadOf(context)));
    },
  };
}

async function run<T>(
  kms: Kms,
  { keyId }: CloudHsmKey,
  store: CloudHsmKeyStore,
  operate: (cluster: ClusterKeys) => Promise<T>,
): Promise<T> {
  const problem = findServingProblem(kms.state, store.cloudHsmClusterId);
  if (problem) throw clusterError(problem);
  try {
    return await operate(await kms.kmsUser.loggedIn(store));
  } catch (error) {
    if (!(error instanceof ClusterFailure)) throw error;
    if (error.reason === 'key not found') kms.state.keys.setMaterialMissing(keyId, true);
    throw clusterError(error.reason, error.message);
  }
}
