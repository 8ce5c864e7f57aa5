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

/** Operations that keys for symmetric encryption have not. */
const ASYMMETRIC = /^(Sign|Verify|GetPublicKey|GenerateMac|VerifyMac|DeriveSharedSecret|Encapsulate|Decapsulate)$/;
/** Operations that keys in custom key stores have not. */
const DATA_KEY_PAIRS = /^GenerateDataKeyPair/;

/** Throws ValidationException for operations that a grant on this key cannot have. */
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

/** Throws ValidationException, also for pairs that no encryption context has room for. */
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
 * Which users and roles there are is not known: every one that could be is accepted, of any account. Services are grantees of
 * grants that services make. Throws InvalidArnException.
 */
export function requireGrantPrincipal(principal: string, { kmsViaService, awsPrincipalArn }: Caller): void {
  const isOfService = kmsViaService !== undefined || isServicePrincipal(awsPrincipalArn);
  if (parsePrincipalArn(principal) ?? (isOfService && isServicePrincipal(principal))) return;
  throw new KmsError('InvalidArnException', `ARN does not refer to a valid principal: ${principal}`);
}

/** Throws LimitExceededException if a key has all the grants that it can have. */
export function requireRoomForGrant({ state }: LocalKms, { keyId }: KmsKey): void {
  if (state.grants.count(keyId) < MOST_GRANTS) return;
  throw new KmsError('LimitExceededException', `A key has at most ${MOST_GRANTS} grants`);
}

function invalid(message: string): KmsError {
  return new KmsError('ValidationException', message);
}
