import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';
import { findKey } from './findKey.ts';

const shape = z.object({ KeyId: member.keyId, ...member.pagination });

/** Lists the policies of a key. A key has one policy, which is called default. */
export const listKeyPolicies = operation(shape, (kms, input, request) => {
  findKey(kms, input.KeyId, { aliases: false }, request);
  const { page, ...rest } = paginate(['default'], input, (policyName) => policyName);
  return { PolicyNames: page, ...rest };
});
