import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';

const shape = z.object({ ResourceOwners: member.resourceOwners.default(['SELF']), ...member.pagination });

/** Lists the keys of the account. There is only one account, so no other account shares keys with it. */
export const listKeys = operation(shape, (kms, input) => {
  const ids = input.ResourceOwners.includes('SELF') ? kms.state.keys.ids() : [];
  const { page, ...rest } = paginate(ids, input, (keyId) => keyId);
  return { Keys: page.map((keyId) => ({ KeyId: keyId, KeyArn: keyArn(kms.identity, keyId) })), ...rest };
});
