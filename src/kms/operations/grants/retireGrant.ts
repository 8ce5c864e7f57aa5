import { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';
import { endDryRun } from '../endDryRun.ts';
import { findKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation, type KmsRequest } from '../operation.ts';
import { findGrant } from './findGrant.ts';
import { findGrantByToken } from './grantToken.ts';

const shape = z.object({
  GrantToken: member.grantToken.optional(),
  KeyId: member.keyId.optional(),
  GrantId: member.grantId.optional(),
  DryRun: z.boolean().optional(),
});

/** In every state of the key. The grant is named by a token, or by its key and its id. */
export const retireGrant = operation(shape, (kms, input, request) => {
  const { grantId } = grantOf(kms, input, request);
  request.note({ grantId });
  endDryRun(input);
  kms.state.grants.delete(grantId);
  return undefined;
});

function grantOf(kms: LocalKms, { GrantToken, KeyId, GrantId }: z.output<typeof shape>, request: KmsRequest): Grant {
  if (GrantToken !== undefined) {
    const grant = findGrantByToken(kms, GrantToken);
    findKey(kms, grant.keyId, { aliases: false }, request);
    return grant;
  }
  if (KeyId === undefined || GrantId === undefined) {
    throw new KmsError('ValidationException', 'Give a GrantToken, or a KeyId and a GrantId.');
  }
  const { keyId } = findKey(kms, KeyId, { aliases: false }, request);
  return findGrant(kms, keyId, GrantId);
}
