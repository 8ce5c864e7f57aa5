import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { grantList } from './grantList.ts';

const shape = z.object({
  RetiringPrincipal: member.principalId,
  ...member.pagination,
  Limit: member.limit.default(50),
});

export const listRetirableGrants = operation(shape, (kms, input) =>
  grantList(kms, { retiringPrincipal: input.RetiringPrincipal }, input),
);
