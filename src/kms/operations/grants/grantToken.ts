import { createHash, randomBytes } from 'node:crypto';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';

const GRANT_ID_BYTES = 32;
const NONCE_BYTES = 16;
const PREFIX = 'grant token';

/**
 * One of many tokens of a grant: Base64 of its id, random bytes, and a digest that tells tokens from other text. It is no secret:
 * only callers whom the grant names can use it. AWS KMS Developer Guide, "Grant concepts".
 */
export function newGrantToken(grantId: string): string {
  const named = Buffer.concat([Buffer.from(grantId, 'hex'), randomBytes(NONCE_BYTES)]);
  return Buffer.concat([named, digestOf(named)]).toString('base64');
}

/** The grant of a token. Throws InvalidGrantTokenException. */
export function findGrantByToken({ state }: LocalKms, token: string): Grant {
  const bytes = Buffer.from(token, 'base64');
  const named = bytes.subarray(0, GRANT_ID_BYTES + NONCE_BYTES);
  const isToken = bytes.toString('base64') === token && bytes.subarray(named.length).equals(digestOf(named));
  const grant = isToken ? state.grants.find(named.toString('hex', 0, GRANT_ID_BYTES)) : undefined;
  if (!grant) throw new KmsError('InvalidGrantTokenException', 'The grant token is not one of a grant that exists.');
  return grant;
}

/** Grants need no tokens here, but a token must be one. Throws InvalidGrantTokenException. */
export function requireGrantTokens(kms: LocalKms, tokens: readonly string[] = []): void {
  for (const token of tokens) findGrantByToken(kms, token);
}

function digestOf(named: Buffer): Buffer {
  return createHash('sha256').update(PREFIX).update(named).digest();
}
