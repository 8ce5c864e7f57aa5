import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';

/** Checks the name of a new alias. Throws ValidationException, InvalidAliasNameException or NotAuthorizedException. */
export function requireAliasName(aliasName: string): void {
  requireCustomerAlias(aliasName);
  if (aliasName.includes(':')) {
    throw new KmsError('ValidationException', `${aliasName} contains invalid characters for an alias`);
  }
  if (aliasName === 'alias/')
    throw new KmsError('InvalidAliasNameException', 'Nothing follows alias/ in the alias name');
}

/** Throws ValidationException if the name lacks the prefix of aliases, and NotAuthorizedException for an alias of an AWS managed key. */
export function requireCustomerAlias(aliasName: string): void {
  if (aliasName.startsWith('alias/aws/')) {
    throw new KmsError('NotAuthorizedException', '', { detail: 'alias/aws/ is reserved for AWS managed keys' });
  }
  if (aliasName.startsWith('alias/')) return;
  throw new KmsError(
    'ValidationException',
    'Alias must start with the prefix "alias/". ' +
      'Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
  );
}

// AWS KMS Developer Guide, "Resource quotas".
const MOST_ALIASES = 50;

/** Throws LimitExceededException if a key has the maximum number of aliases. */
export function requireRoomForAlias({ state }: LocalKms, keyId: string): void {
  if (state.aliases.namesOf(keyId).length < MOST_ALIASES) return;
  throw new KmsError('LimitExceededException', `A key has at most ${MOST_ALIASES} aliases`);
}
