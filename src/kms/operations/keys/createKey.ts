import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { keyArn } from '../../arn.ts';
import { createKeyError } from '../../failures/kmsErrorOf.ts';
import type { KmsKey } from '../../state/records.ts';
import { XksProxyFailure } from '../../xksProxy/xksProxyFailure.ts';
import { operation } from '../operation.ts';
import { requestMetadata } from '../requestMetadata.ts';
import { createKeyRequest, newExternalKeyOf } from './createKeyRequest.ts';
import { requireFreeExternalKey, requireSuitableExternalKey } from './externalKeyRules.ts';
import { keyMetadata } from './keyMetadata.ts';
import { defaultKeyPolicy, requireKeyPolicy } from './keyPolicy.ts';
import { tagsOf } from './keyTags.ts';

/** A KMS key over a key that exists in an external key store; its proxy is asked whether that key will do. */
export const createKey = operation(createKeyRequest, async (kms, input, request) => {
  const { customKeyStoreId, xksKeyId } = newExternalKeyOf(input);
  const policy = input.Policy ?? defaultKeyPolicy(kms.identity.accountId);
  requireKeyPolicy(policy);
  const tags = tagsOf(input.Tags);

  const { proxy } = requireFreeExternalKey(kms, customKeyStoreId, xksKeyId);
  const call = { proxy, customKeyStoreId, requestMetadata: requestMetadata(request, 'CreateKey') };
  const externalKey = await kms.xksProxy.getKeyMetadata(call, xksKeyId).catch((error: unknown) => {
    throw error instanceof XksProxyFailure ? createKeyError(error) : error;
  });
  requireSuitableExternalKey(externalKey);
  // What was true before the proxy was asked may no longer be.
  requireFreeExternalKey(kms, customKeyStoreId, xksKeyId);

  const key: KmsKey = {
    keyId: randomUUID(),
    customKeyStoreId,
    xksKeyId,
    creationDate: kms.clock(),
    description: input.Description,
    state: 'Enabled',
    deletionDate: undefined,
    tags,
    policy,
    keyMaterial: createSecretKey(randomBytes(32)),
  };
  kms.state.keys.insert(key);
  request.noteResource(keyArn(kms.identity, key.keyId));
  return { KeyMetadata: keyMetadata(kms, key) };
});
