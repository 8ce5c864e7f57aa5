import { aliasArn, keyArn, type Identity } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Alias, KmsKey } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';

interface IdKinds {
  /** Whether the operation accepts names and ARNs of aliases. */
  readonly aliases: boolean;
}

/** Finds the key of a `KeyId` and requires the caller's access to it. Throws AccessDeniedException, and the errors of lookUpKey. */
export function findKey(
  kms: LocalKms,
  keyId: string,
  kinds: IdKinds,
  request: Pick<KmsRequest, 'noteResource' | 'access'>,
): KmsKey {
  const key = lookUpKey(kms, keyId, kinds, request);
  request.access.requireKey(key);
  return key;
}

/**
 * Finds the key of a `KeyId`, which is an id, an ARN or, if the operation accepts them, the name or the ARN of an alias. Adds the key to
 * the resources of the request's event. Throws NotFoundException or InvalidArnException.
 */
export function lookUpKey(
  kms: LocalKms,
  keyId: string,
  { aliases }: IdKinds,
  request: Pick<KmsRequest, 'noteResource'>,
): KmsKey {
  const name = keyId.startsWith('arn:') ? nameInArn(kms.identity, keyId, aliases) : keyId;
  const id = aliases && name.startsWith('alias/') ? findAlias(kms, name).targetKeyId : name;
  if (!KEY_ID.test(id)) throw new KmsError('NotFoundException', `Invalid keyId '${keyId}'`);
  const key = kms.state.keys.find(id);
  const arn = keyArn(kms.identity, id);
  if (!key) throw keyNotFound(arn);
  request.noteResource(arn);
  return key;
}

// Multi-Region keys, which the local KMS does not have, have `mrk-` ids.
const KEY_ID = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const ARN = /^arn:aws:kms:([^:]+):(\d{12}):(?:key\/([^:/]+)|(alias\/[^:]+))$/;

/** Returns the key id or the alias name in an ARN. */
function nameInArn({ region, accountId }: Identity, arn: string, aliases: boolean): string {
  const [, arnRegion = '', arnAccountId, id, aliasName] = ARN.exec(arn) ?? [];
  const name = id ?? aliasName;
  if (name === undefined) throw new KmsError('InvalidArnException', `Invalid arn ${arn}`);
  if (aliasName !== undefined && !aliases) {
    throw new KmsError('InvalidArnException', 'Key Aliases are not supported for this operation');
  }
  if (arnRegion !== region) throw new KmsError('NotFoundException', `Invalid arn ${arnRegion}`);
  if (arnAccountId !== accountId) throw id === undefined ? aliasNotFound(arn) : keyNotFound(arn);
  return name;
}

/** Finds an alias by name. Throws NotFoundException. */
export function findAlias({ identity, state }: LocalKms, aliasName: string): Alias {
  const alias = state.aliases.find(aliasName);
  if (!alias) throw aliasNotFound(aliasArn(identity, aliasName));
  return alias;
}

function keyNotFound(arn: string): KmsError {
  return new KmsError('NotFoundException', `Key '${arn}' does not exist`);
}

function aliasNotFound(arn: string): KmsError {
  return new KmsError('NotFoundException', `Alias ${arn} is not found.`);
}
