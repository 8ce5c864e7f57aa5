import { randomUUID } from 'node:crypto';
import { newKeyFacts } from '../../access/keyFacts.ts';
import { keyArn } from '../../arn.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import { operation, type KmsRequest } from '../operation.ts';
import { createAwsKmsKey } from './createAwsKmsKey.ts';
import { createClusterKey } from './createClusterKey.ts';
import { createExternalKey } from './createExternalKey.ts';
import { createKeyRequest, newKeyOf, type NewKey } from './createKeyRequest.ts';
import { keyMetadata } from './keyMetadata.ts';
import { defaultKeyPolicy, requireKeyPolicy } from './keyPolicy.ts';
import { tagsOf } from './keyTags.ts';

/** Creates a KMS key with KMS's own key material, with key material in a cluster, or over an external key. */
export const createKey = operation(createKeyRequest, async (kms, input, request) => {
  const wanted = newKeyOf(input);
  const policy = input.Policy ?? defaultKeyPolicy(kms.identity.accountId);
  const keyId = randomUUID();
  if (input.Policy !== undefined) {
    const { BypassPolicyLockoutSafetyCheck: mayLockOut } = input;
    requireKeyPolicy({ text: policy, keyId, key: newKeyFacts(input), mayLockOut }, request.access);
  }
  const common = {
    keyId,
    description: input.Description,
    state: 'Enabled',
    deletionDate: undefined,
    tags: tagsOf(input.Tags),
    policy,
  } as const;
  const key = await createKeyOf(kms, wanted, common, request);
  request.noteResource(keyArn(kms.identity, key.keyId));
  return { KeyMetadata: keyMetadata(kms, key) };
});

type CommonParts = Parameters<typeof createAwsKmsKey>[1];

function createKeyOf(
  kms: LocalKms,
  wanted: NewKey,
  common: CommonParts,
  request: KmsRequest,
): KmsKey | Promise<KmsKey> {
  switch (wanted.origin) {
    case 'AWS_KMS':
      return createAwsKmsKey(kms, common);
    case 'AWS_CLOUDHSM':
      return createClusterKey(kms, wanted, common, request);
    case 'EXTERNAL_KEY_STORE':
      return createExternalKey(kms, wanted, common, request);
  }
}
