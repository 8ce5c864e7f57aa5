import { z } from 'zod';
import { keyFactsOf } from '../../access/keyFacts.ts';
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

export const putKeyPolicy = operation(shape, (kms, input, request) => {
  const { Policy: text, BypassPolicyLockoutSafetyCheck: mayLockOut } = input;
  const key = findKey(kms, input.KeyId, { aliases: false }, request);
  const { keyId } = key;
  requireDefaultPolicyName(input.PolicyName);
  requireKeyPolicy({ text, keyId, key: keyFactsOf(kms.state, key), mayLockOut }, request.access);
  kms.state.keys.update(keyId, { policy: text });
  return undefined;
});
