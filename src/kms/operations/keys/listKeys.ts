import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';

export const listKeys = operation(z.object(member.pagination), (kms, input) => {
  const { page, ...rest } = paginate(kms.state.keys.ids(), input, (keyId) => keyId);
  return { Keys: page.map((keyId) => ({ KeyId: keyId, KeyArn: keyArn(kms.identity, keyId) })), ...rest };
});
