import { isServicePrincipal, parsePrincipalArn } from '../../access/principals.ts';
import { keyArn } from '../../arn.ts';
import type { Caller } from '../../caller.ts';
import { canonicalContext } from '../../cryptography/canonicalContext.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';
import type { KmsKey } from '../../state/records.ts';

// AWS KMS Developer Guide, "Using grant constraints".
const MOST_PAIRS = 8;
const MOST_VALUE_CHARACTERS = 384;
// AWS KMS Developer Guide, "Resource quotas".
const MOST_GRANTS = 50_000;

/** Operations that keys for symmetric encryption do not support. */
const ASYMMETRIC = /^(Sign|Verify|GetPublicKey|GenerateMac|VerifyMac|DeriveSharedSecret|Encapsulate|Decapsulate)$/;
/** Operations that keys in custom key stores do not support. */
const DATA_KEY_PAIRS = /^GenerateDataKeyPair/;

/** Throws ValidationException if a grant on this key cannot have these operations. */
export function requireGrantOperations({ identity }: LocalKms, key: KmsKey, operations: readonly string[]): void {
  if (operations.length === 0) throw invalid('Grants must contain at least one operation.');
  if (operations.every((operation) => operation === 'CreateGrant')) {
    throw invalid('Grants must not contain only the CreateGrant operation.');
  }
  const isSupported = (operation: string): boolean =>
    !ASYMMETRIC.test(operation) && (key.origin === 'AWS_KMS' || !DATA_KEY_PAIRS.test(operation));
  const unsupported = operations.filter((operation) => !isSupported(operation));
  if (unsupported.length > 0) {
    const arn = keyArn(identity, key.keyId);
    throw invalid(`${arn} does not support the grant operations [${unsupported.join(', ')}].`);
  }
}

/** Throws ValidationException for invalid constraints, also if their pairs are too long for an encryption context. */
export function requireConstraints(constraints: Grant['constraints']): void {
  for (const [name, pairs = {}] of Object.entries(constraints)) {
    const values = Object.values(pairs);
    if (values.length > MOST_PAIRS) throw invalid(`${name} must have at most ${MOST_PAIRS} pairs.`);
    if (values.some((value) => value.length > MOST_VALUE_CHARACTERS)) {
      throw invalid(`The values of ${name} must have at most ${MOST_VALUE_CHARACTERS} characters.`);
    }
    canonicalContext(pairs);
  }
}

/**
 * Throws InvalidArnException if the text is not the ARN of a principal. The local KMS does not know which users and roles exist, so it
 * accepts every well-formed ARN of any account. A service can be a grantee only if a service makes the grant.
 */
export function requireGrantPrincipal(principal: string, { kmsViaService, awsPrincipalArn }: Caller): void {
  const isOfService = kmsViaService !== undefined || isServicePrincipal(awsPrincipalArn);
  if (parsePrincipalArn(principal) ?? (isOfService && isServicePrincipal(principal))) return;
  throw new KmsError('InvalidArnException', `ARN does not refer to a valid principal: ${principal}`);
}

/** Throws LimitExceededException if a key has the maximum number of grants. */
export function requireRoomForGrant({ state }: LocalKms, { keyId }: KmsKey): void {
  if (state.grants.count(keyId) < MOST_GRANTS) return;
  throw new KmsError('LimitExceededException', `A key has at most ${MOST_GRANTS} grants`);
}

function invalid(message: string): KmsError {
  return new KmsError('ValidationException', message);
}
