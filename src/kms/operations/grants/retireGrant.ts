import { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';
import { endDryRun } from '../endDryRun.ts';
import { lookUpKey } from '../keys/findKey.ts';
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

/** Retires a grant, which a token or its key and its id names. Works in every state of the key. */
export const retireGrant = operation(shape, (kms, input, request) => {
  const { grantId } = findGrantToRetire(kms, input, request);
  request.note({ grantId });
  endDryRun(input);
  kms.state.grants.delete(grantId);
  return undefined;
});

/** Finds the grant. Throws AccessDeniedException unless the grant lets the caller retire it. */
function findGrantToRetire(
  kms: LocalKms,
  { GrantToken, KeyId, GrantId }: z.output<typeof shape>,
  request: KmsRequest,
): Grant {
  const byToken = GrantToken === undefined ? undefined : findGrantByToken(kms, GrantToken);
  const id = byToken?.keyId ?? KeyId;
  const grantId = byToken?.grantId ?? GrantId;
  if (id === undefined || grantId === undefined) {
    throw new KmsError('ValidationException', 'Specify a GrantToken, or a KeyId and a GrantId.');
  }
  const key = lookUpKey(kms, id, { aliases: false }, request);
  const grant = findGrant(kms, key.keyId, grantId);
  request.access.requireRetiring(grant, key);
  return grant;
}
