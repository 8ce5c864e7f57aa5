import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKey } from './findKey.ts';
import { requireDefaultPolicyName, requireKeyPolicy } from './keyPolicy.ts';

const shape = z.object({
  KeyId: member.keyId,
  PolicyName: member.policyName.default('default'),
  Policy: member.policy,
  BypassPolicyLockoutSafetyCheck: z.boolean().default(false),
});

export const putKeyPolicy = operation(shape, (kms, { KeyId, PolicyName, Policy }, request) => {
  const { keyId } = findKey(kms, KeyId, { aliases: false }, request);
  requireDefaultPolicyName(PolicyName);
  requireKeyPolicy(Policy);
  kms.state.keys.update(keyId, { policy: Policy });
  return undefined;
});
