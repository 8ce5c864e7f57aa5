import type { KeyDescription, KeyUsage } from '../../keyManager.ts';
import type { ObjectHandle } from '../cryptoki/cryptoki.ts';
import { CKA, CKK } from '../cryptoki/cryptokiConstants.ts';

/** A secret key of a token. */
export interface SecretKey {
  readonly handle: ObjectHandle;
  readonly description: KeyDescription;
}

type Attributes = ReadonlyMap<number, Buffer>;

const USAGES: readonly (readonly [usage: KeyUsage, attribute: number])[] = [
  ['ENCRYPT', CKA.ENCRYPT],
  ['DECRYPT', CKA.DECRYPT],
  ['SIGN', CKA.SIGN],
  ['VERIFY', CKA.VERIFY],
  ['WRAP', CKA.WRAP],
  ['UNWRAP', CKA.UNWRAP],
  ['DERIVE', CKA.DERIVE],
];

/** The attributes that `describeSecretKey` reads. */
export const DESCRIBING_ATTRIBUTES: readonly number[] = [
  CKA.KEY_TYPE,
  CKA.VALUE_LEN,
  CKA.SENSITIVE,
  CKA.EXTRACTABLE,
  CKA.PRIVATE,
  ...USAGES.map(([, attribute]) => attribute),
];

/**
 * Describes a key. keySpec is `AES_<bits>` or the name of the CKK. A usage attribute that the token does not know counts as not
 * allowed.
 */
export function describeSecretKey(attributes: Attributes): KeyDescription {
  return {
    keySpec: keySpec(readUlong(attributes, CKA.KEY_TYPE), readUlong(attributes, CKA.VALUE_LEN)),
    keyUsage: USAGES.filter(([, attribute]) => readBoolean(attributes, attribute) === true).map(([usage]) => usage),
    sensitive: readBoolean(attributes, CKA.SENSITIVE),
    extractable: readBoolean(attributes, CKA.EXTRACTABLE),
    private: readBoolean(attributes, CKA.PRIVATE),
  };
}

/** Reads a CK_BBOOL. Undefined if the token does not know the attribute. */
export function readBoolean(attributes: Attributes, type: number): boolean | undefined {
  const value = attributes.get(type)?.[0];
  return value === undefined ? undefined : value !== 0;
}

/** Reads a CK_ULONG. Undefined if the token does not know the attribute, or returns another type. */
function readUlong(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  return value?.length === 8 ? Number(value.readBigUInt64LE()) : undefined;
}

function keySpec(keyType: number | undefined, bytes: number | undefined): string {
  if (keyType === CKK.AES && bytes !== undefined) return `AES_${bytes * 8}`;
  const name = Object.entries(CKK).find(([, value]) => value === keyType)?.[0];
  return `CKK_${name ?? (keyType === undefined ? 'UNKNOWN' : `0x${keyType.toString(16)}`)}`;
}
