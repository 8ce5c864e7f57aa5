import { randomBytes } from 'node:crypto';
import type { XksErrorName } from '../../xks/errors.ts';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import { NotRun, type ConformanceCase } from '../conformanceCase.ts';
import type { Sealed } from '../expectations.ts';
import { base64 } from '../../xksClient/keyStoreClient.ts';

const INVALID: readonly XksErrorName[] = ['InvalidCiphertextException'];
// A proxy may report a value of the wrong length as invalid input or as an invalid ciphertext.
const MALFORMED: readonly XksErrorName[] = ['InvalidCiphertextException', 'ValidationException'];

interface Opening extends Sealed {
  readonly aad?: Uint8Array;
}

/** Makes a case that encrypts with an AAD, and decrypts the result changed by `change`. The decrypt must be refused. */
function tampered(
  id: string,
  title: string,
  names: readonly XksErrorName[],
  aad: string | undefined,
  change: (sealed: Opening) => Partial<Opening>,
): ConformanceCase {
  return refuses(id, 'MUST', title, names, async ({ store }) => {
    const sealing = aad === undefined ? undefined : Buffer.from(aad);
    const sealed = await seal(store, randomBytes(32), {
      additionalAuthenticatedData: sealing && base64(sealing),
    });
    const opening: Opening = { ...sealed, ...(sealing && { aad: sealing }) };
    const changed = { ...opening, ...change(opening) };
    return store.call('decrypt', {
      ...sealedFields(changed),
      additionalAuthenticatedData: changed.aad && base64(changed.aad),
    });
  });
}

const wrongIv = (length: number) =>
  tampered(`iv-of-${length}-bytes`, `an IV of ${length} bytes`, MALFORMED, undefined, ({ iv }) => ({
    iv: Buffer.concat([iv, Buffer.alloc(16)]).subarray(0, length),
  }));

const wrongTag = (length: number) =>
  tampered(`tag-of-${length}-bytes`, `a tag of ${length} bytes`, MALFORMED, undefined, ({ tag }) => ({
    tag: Buffer.concat([tag, Buffer.alloc(1)]).subarray(0, length),
  }));

export const tampering: readonly ConformanceCase[] = [
  tampered('changed-ciphertext', 'a ciphertext with one changed bit', INVALID, 'project=nile', ({ ciphertext }) => ({
    ciphertext: flipBit(ciphertext, 0),
  })),
  tampered('shortened-ciphertext', 'a ciphertext without its last byte', INVALID, 'project=nile', ({ ciphertext }) => ({
    ciphertext: ciphertext.subarray(0, -1),
  })),
  tampered('changed-iv', 'an IV with one changed bit', INVALID, 'project=nile', ({ iv }) => ({ iv: flipBit(iv, 5) })),
  tampered('changed-tag', 'a tag with one changed bit', INVALID, 'project=nile', ({ tag }) => ({
    tag: flipBit(tag, 15),
  })),
  tampered('changed-aad', 'an AAD that differs from that of Encrypt', INVALID, 'project=nile', () => ({
    aad: Buffer.from('project=amazon'),
  })),
  tampered('missing-aad', 'Decrypt without the AAD of Encrypt', INVALID, 'project=nile', () => ({
    aad: Buffer.alloc(0),
  })),
  tampered('added-aad', 'Decrypt with an AAD, after Encrypt without one', INVALID, undefined, () => ({
    aad: Buffer.from('project=nile'),
  })),
  ...[0, 8, 11, 13, 17].map(wrongIv),
  ...[0, 4, 12, 15, 17].map(wrongTag),
  tampered(
    'ciphertext-moved-to-tag',
    'Decrypt with the last bytes of the ciphertext in the tag field',
    MALFORMED,
    undefined,
    ({ ciphertext, tag }) => ({
      ciphertext: ciphertext.subarray(0, -4),
      tag: Buffer.concat([ciphertext.subarray(-4), tag]),
    }),
  ),
  tampered(
    'tag-moved-to-ciphertext',
    'Decrypt with the first bytes of the tag in the ciphertext field',
    MALFORMED,
    undefined,
    ({ ciphertext, tag }) => ({
      ciphertext: Buffer.concat([ciphertext, tag.subarray(0, 4)]),
      tag: tag.subarray(4),
    }),
  ),
  tampered('changed-metadata', 'ciphertextMetadata with one changed bit', MALFORMED, undefined, ({ metadata }) => ({
    metadata: flipBit(present(metadata), 0),
  })),
  tampered(
    'missing-metadata',
    'Decrypt without the ciphertextMetadata of Encrypt',
    MALFORMED,
    undefined,
    ({ metadata }) => {
      present(metadata);
      return { metadata: undefined };
    },
  ),
  tampered(
    'metadata-as-aad',
    'Decrypt with the ciphertextMetadata in the AAD field, after Encrypt without an AAD',
    MALFORMED,
    undefined,
    ({ metadata }) => ({ metadata: undefined, aad: present(metadata) }),
  ),
  tampered(
    'aad-as-metadata',
    'Decrypt with the AAD in the ciphertextMetadata field',
    MALFORMED,
    'project=nile',
    ({ aad, metadata }) => ({
      aad: Buffer.alloc(0),
      metadata: Buffer.concat([Buffer.from(aad ?? []), metadata ?? Buffer.alloc(0)]),
    }),
  ),
  tampered(
    'aad-moved-to-metadata',
    'Decrypt with the last byte of the AAD in the ciphertextMetadata field',
    MALFORMED,
    'project=nile',
    ({ aad = Buffer.alloc(0), metadata }) => ({
      aad: aad.subarray(0, -1),
      metadata: Buffer.concat([aad.subarray(-1), metadata ?? Buffer.alloc(0)]),
    }),
  ),
  tampered('long-metadata', 'ciphertextMetadata of 21 bytes', MALFORMED, undefined, () => ({
    metadata: Buffer.alloc(21),
  })),
];

function flipBit(bytes: Uint8Array, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

function present(metadata: Buffer | undefined): Buffer {
  if (!metadata?.length) throw new NotRun('needs a proxy that returns ciphertextMetadata');
  return metadata;
}
