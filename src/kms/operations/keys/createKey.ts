import { randomUUID } from 'node:crypto';
import { newKeyFacts } from '../../access/keyFacts.ts';
import { keyArn } from '../../arn.ts';
import { operation } from '../operation.ts';
import { createClusterKey } from './createClusterKey.ts';
import { createExternalKey } from './createExternalKey.ts';
import { createKeyRequest, newKeyOf } from './createKeyRequest.ts';
import { keyMetadata } from './keyMetadata.ts';
import { defaultKeyPolicy, requireKeyPolicy } from './keyPolicy.ts';
import { tagsOf } from './keyTags.ts';

/** A KMS key over an external key, or with key material that is made in a cluster. */
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
  const key =
    wanted.origin === 'AWS_CLOUDHSM'
      ? await createClusterKey(kms, wanted, common, request)
      : await createExternalKey(kms, wanted, common, request);
  request.noteResource(keyArn(kms.identity, key.keyId));
  return { KeyMetadata: keyMetadata(kms, key) };
});
