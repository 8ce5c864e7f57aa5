import { z } from 'zod';
import { endDryRun } from '../endDryRun.ts';
import { findKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findGrant } from './findGrant.ts';

const shape = z.object({ KeyId: member.keyId, GrantId: member.grantId, DryRun: z.boolean().optional() });

/** Revokes a grant. Works in every state of the key. */
export const revokeGrant = operation(shape, (kms, input, request) => {
  const { keyId } = findKey(kms, input.KeyId, { aliases: false }, request);
  const { grantId } = findGrant(kms, keyId, input.GrantId);
  endDryRun(input);
  kms.state.grants.delete(grantId);
  return undefined;
});
