import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKey } from './findKey.ts';
import { requireDefaultPolicyName } from './keyPolicy.ts';

const shape = z.object({ KeyId: member.keyId, PolicyName: member.policyName.default('default') });

export const getKeyPolicy = operation(shape, (kms, { KeyId, PolicyName }, request) => {
  const { policy } = findKey(kms, KeyId, { aliases: false }, request);
  requireDefaultPolicyName(PolicyName);
  return { Policy: policy, PolicyName: 'default' };
});
