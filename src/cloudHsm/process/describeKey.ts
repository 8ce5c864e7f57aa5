import { CKA } from '../../hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { describeSecretKey, DESCRIBING_ATTRIBUTES, readBoolean } from '../../hsm/pkcs11/keys/secretKey.ts';
import type { ClusterKey } from '../clusterCalls.ts';

/** Flags of a key, with the names and in the order of the CloudHSM CLI. */
const FLAGS = [
  ['encrypt', CKA.ENCRYPT],
  ['decrypt', CKA.DECRYPT],
  ['token', CKA.TOKEN],
  ['always-sensitive', CKA.ALWAYS_SENSITIVE],
  ['derive', CKA.DERIVE],
  ['destroyable', CKA.DESTROYABLE],
  ['extractable', CKA.EXTRACTABLE],
  ['local', CKA.LOCAL],
  ['modifiable', CKA.MODIFIABLE],
  ['never-extractable', CKA.NEVER_EXTRACTABLE],
  ['private', CKA.PRIVATE],
  ['sensitive', CKA.SENSITIVE],
  ['sign', CKA.SIGN],
  ['trusted', CKA.TRUSTED],
  ['unwrap', CKA.UNWRAP],
  ['verify', CKA.VERIFY],
  ['wrap', CKA.WRAP],
  ['wrap-with-trusted', CKA.WRAP_WITH_TRUSTED],
] as const;

/** The attributes that `describeKey` reads. */
export const KEY_ATTRIBUTES = [
  ...new Set([...DESCRIBING_ATTRIBUTES, ...FLAGS.map(([, type]) => type), CKA.LABEL, CKA.ID, CKA.CHECK_VALUE]),
];

// A key reference of CloudHSM has 8 bytes.
const REFERENCE_DIGITS = 16;
const ID_DIGITS = 12;

/** Describes a secret key as the CloudHSM CLI shows it. Source: AWS's guide, "key list". */
export function describeKey(attributes: ReadonlyMap<number, Buffer>, owner: string): ClusterKey {
  const id = attributes.get(CKA.ID)?.toString('hex') ?? '';
  const [type = '', bits] = describeSecretKey(attributes).keySpec.split('_');
  return {
    id,
    // Derived from the id, because the token's own handles change with each login.
    reference: `0x${id.slice(0, ID_DIGITS).padStart(REFERENCE_DIGITS, '0')}`,
    owner,
    attributes: {
      'key-type': type.toLowerCase(),
      label: attributes.get(CKA.LABEL)?.toString() ?? '',
      id: id === '' ? '' : `0x${id}`,
      'check-value': `0x${attributes.get(CKA.CHECK_VALUE)?.toString('hex') ?? ''}`,
      class: 'secret-key',
      ...Object.fromEntries(FLAGS.map(([name, flag]) => [name, readBoolean(attributes, flag) ?? false])),
      'key-length-bytes': Number(bits) / 8,
    },
  };
}
