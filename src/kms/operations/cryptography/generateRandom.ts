import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ClusterFailure } from '../../../cloudHsm/clusterFailure.ts';
import { findServingProblem } from '../../clusters/servingClusters.ts';
import { createKeyErrorOfCluster } from '../../failures/kmsErrorOf.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import { findCustomKeyStore } from '../customKeyStores/findCustomKeyStore.ts';
import { notConnected } from '../keys/keyState.ts';
import * as member from '../members.ts';
import { operation, type KmsRequest } from '../operation.ts';
import { refuseRecipient } from './refuseRecipient.ts';

const shape = z.object({
  NumberOfBytes: member.numberOfBytes.optional(),
  CustomKeyStoreId: member.customKeyStoreId.optional(),
  Recipient: member.recipient.optional(),
});

/** Returns random bytes from KMS or from the cluster of an AWS CloudHSM key store. */
export const generateRandom = operation(shape, async (kms, input, request) => {
  const { NumberOfBytes: length, CustomKeyStoreId: customKeyStoreId } = input;
  refuseRecipient(input.Recipient);
  if (length === undefined) throw new KmsError('ValidationException', 'NumberOfBytes is required.');
  if (customKeyStoreId === undefined) return { Plaintext: randomBytes(length) };
  return { Plaintext: await randomOfCluster(kms, customKeyStoreId, length, request) };
});

async function randomOfCluster(
  kms: LocalKms,
  customKeyStoreId: string,
  length: number,
  request: KmsRequest,
): Promise<Buffer> {
  const store = findCustomKeyStore(kms, customKeyStoreId, request);
  request.note({ customKeyStoreId });
  if (store.customKeyStoreType !== 'AWS_CLOUDHSM') {
    const message =
      'GenerateRandom takes the CustomKeyStoreId of an AWS CloudHSM key store, not of an external key store.';
    throw new KmsError('UnsupportedOperationException', message);
  }
  if (store.connectionState !== 'CONNECTED') {
    throw new KmsError('CustomKeyStoreInvalidStateException', notConnected(store));
  }
  kms.quota.take(customKeyStoreId, 'GenerateRandom');
  const problem = findServingProblem(kms.state, store.cloudHsmClusterId);
  if (problem) throw createKeyErrorOfCluster(problem);
  try {
    return await (await kms.kmsUser.loggedIn(store)).generateRandom(length);
  } catch (error) {
    throw error instanceof ClusterFailure ? createKeyErrorOfCluster(error.reason, error.message) : error;
  }
}
