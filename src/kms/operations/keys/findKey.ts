import { aliasArn, keyArn, type Identity } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Alias, KmsKey } from '../../state/records.ts';
import type { KmsRequest } from '../operation.ts';

interface IdKinds {
  /** Whether the operation takes names and ARNs of aliases. */
  readonly aliases: boolean;
}

/** The key of a `KeyId`, to which the caller has access. Throws AccessDeniedException, and what lookUpKey does. */
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
 * The key of a `KeyId`: its id, its ARN and, where the operation takes them, the name or the ARN of an alias.
 * It is a resource of the request's event. Throws NotFoundException or InvalidArnException.
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

// Keys of several Regions, of which there are none here, have `mrk-` ids.
const KEY_ID = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const ARN = /^arn:aws:kms:([^:]+):(\d{12}):(?:key\/([^:/]+)|(alias\/[^:]+))$/;

/** The id of a key, or the name of an alias. */
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

/** Throws NotFoundException. */
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
