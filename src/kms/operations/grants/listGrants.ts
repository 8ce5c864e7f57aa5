import { z } from 'zod';
import { findKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { grantList } from './grantList.ts';

const shape = z.object({
  KeyId: member.keyId,
  GrantId: member.grantId.optional(),
  GranteePrincipal: member.principalId.optional(),
  ...member.pagination,
  Limit: member.limit.default(50),
});

export const listGrants = operation(shape, (kms, input, request) => {
  const { keyId } = findKey(kms, input.KeyId, { aliases: false }, request);
  return grantList(kms, { keyId, grantId: input.GrantId, granteePrincipal: input.GranteePrincipal }, input);
});
