import { createHash, randomBytes } from 'node:crypto';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';

const GRANT_ID_BYTES = 32;
const NONCE_BYTES = 16;
const PREFIX = 'grant token';

/**
 * Returns a new token of a grant, which may have many. A token is the Base64 of the grant's id, random bytes, and a digest that
 * distinguishes tokens from other text. It is not secret, because only principals that the grant names can use it. AWS KMS Developer Guide,
 * "Grant concepts".
 */
export function newGrantToken(grantId: string): string {
  const named = Buffer.concat([Buffer.from(grantId, 'hex'), randomBytes(NONCE_BYTES)]);
  return Buffer.concat([named, digestOf(named)]).toString('base64');
}

/** Finds the grant of a token. Throws InvalidGrantTokenException. */
export function findGrantByToken({ state }: LocalKms, token: string): Grant {
  const bytes = Buffer.from(token, 'base64');
  const named = bytes.subarray(0, GRANT_ID_BYTES + NONCE_BYTES);
  const isToken = bytes.toString('base64') === token && bytes.subarray(named.length).equals(digestOf(named));
  const grant = isToken ? state.grants.find(named.toString('hex', 0, GRANT_ID_BYTES)) : undefined;
  if (!grant) throw new KmsError('InvalidGrantTokenException', 'The grant token does not belong to an existing grant.');
  return grant;
}

/** Throws InvalidGrantTokenException if a token is not valid. Grants take effect at once here, so tokens are not needed. */
export function requireGrantTokens(kms: LocalKms, tokens: readonly string[] = []): void {
  for (const token of tokens) findGrantByToken(kms, token);
}

function digestOf(named: Buffer): Buffer {
  return createHash('sha256').update(PREFIX).update(named).digest();
}
