import { randomBytes } from 'node:crypto';
import type { Template } from '../cryptoki/cryptoki.ts';
import { CKA, CKK, CKO } from '../cryptoki/cryptokiConstants.ts';

export interface NewAesKey {
  readonly label: string;
  /** Lower-case hexadecimal; 16 random bytes if left out. */
  readonly ckaId?: string | undefined;
  /** If empty, no operation may use the key. */
  readonly usages: readonly ('ENCRYPT' | 'DECRYPT')[];
  /** 256 if left out, the only size that KMS accepts. */
  readonly bits?: 128 | 192 | 256;
}

/** Attributes of an AES key in the token: sensitive, never extractable, not modifiable, with exactly these usages. */
export function aesKeyTemplate({ label, ckaId, usages, bits = 256 }: NewAesKey): Template {
  return [
    { type: CKA.CLASS, value: CKO.SECRET_KEY },
    { type: CKA.KEY_TYPE, value: CKK.AES },
    { type: CKA.LABEL, value: label },
    { type: CKA.ID, value: ckaId === undefined ? randomBytes(16) : Buffer.from(ckaId, 'hex') },
    { type: CKA.VALUE_LEN, value: bits / 8 },
    { type: CKA.TOKEN, value: true },
    { type: CKA.PRIVATE, value: true },
    { type: CKA.SENSITIVE, value: true },
    { type: CKA.EXTRACTABLE, value: false },
    { type: CKA.MODIFIABLE, value: false },
    { type: CKA.ENCRYPT, value: usages.includes('ENCRYPT') },
    { type: CKA.DECRYPT, value: usages.includes('DECRYPT') },
    // These attributes are explicit, because the defaults of tokens differ.
    { type: CKA.WRAP, value: false },
    { type: CKA.UNWRAP, value: false },
    { type: CKA.SIGN, value: false },
    { type: CKA.VERIFY, value: false },
    { type: CKA.DERIVE, value: false },
  ];
}
