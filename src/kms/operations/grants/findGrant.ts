import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';

/** Finds a grant of a key. Throws InvalidGrantIdException if the id is malformed, and NotFoundException. */
export function findGrant({ state }: LocalKms, keyId: string, grantId: string): Grant {
  if (!/^[0-9a-f]+$/.test(grantId)) throw new KmsError('InvalidGrantIdException', `Invalid grant ID ${grantId}`);
  const grant = state.grants.find(grantId);
  if (grant?.keyId !== keyId) throw new KmsError('NotFoundException', `Grant ID ${grantId} not found`);
  return grant;
}
