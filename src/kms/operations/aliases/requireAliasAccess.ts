import type { LocalKms } from '../../localKms.ts';
import type { Alias } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';

/**
 * Requires access to change an alias and to the key that it refers to. Throws AccessDeniedException. AWS KMS Developer Guide, "Controlling
 * access to aliases".
 */
export function requireAliasAccess(
  { state }: LocalKms,
  { aliasName, targetKeyId }: Alias,
  { access }: Pick<KmsRequest, 'access'>,
): void {
  access.requireAlias(aliasName);
  const key = state.keys.find(targetKeyId);
  if (key) access.requireKey(key);
}
