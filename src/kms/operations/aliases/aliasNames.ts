import { KmsError } from '../../kmsError.ts';

/** For one that is to be used from now on. Throws ValidationException or InvalidAliasNameException. */
export function requireAliasName(aliasName: string): void {
  requireAliasPrefix(aliasName);
  if (aliasName.includes(':')) {
    throw new KmsError('ValidationException', `${aliasName} contains invalid characters for an alias`);
  }
  if (aliasName === 'alias/')
    throw new KmsError('InvalidAliasNameException', 'Nothing follows alias/ in the alias name');
  if (aliasName.startsWith('alias/aws/')) {
    throw new KmsError(
      'InvalidAliasNameException',
      'Aliases beginning with alias/aws/ are reserved for AWS managed keys',
    );
  }
}

/** Throws ValidationException. */
export function requireAliasPrefix(aliasName: string): void {
  if (aliasName.startsWith('alias/')) return;
  throw new KmsError(
    'ValidationException',
    'Alias must start with the prefix "alias/". ' +
      'Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
  );
}
