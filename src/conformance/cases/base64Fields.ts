import { randomBytes } from 'node:crypto';
import type { XksErrorName } from '../../xks/errors.ts';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';

// A lenient decoder reads all of these as the bytes of "++++////AA==".
const LOOSE_SPELLINGS: readonly { id: string; title: string; text: string }[] = [
  { id: 'url-safe', title: 'in the URL-safe Base64 alphabet', text: '----____AA==' },
  { id: 'unpadded', title: 'without Base64 padding', text: '++++////AA' },
  { id: 'space', title: 'with a space in its Base64', text: '++++ ////AA==' },
  { id: 'newline', title: 'with a line break in its Base64', text: '++++\n////AA==' },
  { id: 'padding-bits', title: 'with Base64 padding bits that are not zero', text: '++++////AB==' },
  { id: 'trailing', title: 'with text after its Base64 padding', text: '++++////AA==AAAA' },
];
const ENCRYPT_FIELDS = ['plaintext', 'additionalAuthenticatedData'] as const;
const DECRYPT_FIELDS = ['ciphertext', 'initializationVector', 'authenticationTag'] as const;
const MALFORMED: readonly XksErrorName[] = ['ValidationException', 'InvalidCiphertextException'];
const NOT_BASE64 = '(not Base64!)';

const loose = ({ id, title, text }: (typeof LOOSE_SPELLINGS)[number]) =>
  ENCRYPT_FIELDS.map((field) =>
    refuses(`base64-${id}-${field}`, 'SHOULD', `${field} ${title}`, ['ValidationException'], ({ store }) =>
      store.call('encrypt', { [field]: text }),
    ),
  );

/** Makes a case that encrypts, and decrypts the result with one field in another spelling. */
const respelled = (id: string, title: string, field: string, respell: (text: string) => string): ConformanceCase =>
  refuses(id, 'SHOULD', title, MALFORMED, async ({ store }) => {
    const fields = sealedFields(await seal(store, randomBytes(7)));
    return store.call('decrypt', { ...fields, [field]: respell(String(fields[field])) });
  });

export const base64Fields: Section = {
  name: 'base64',
  title: 'Base64',
  source: 'RFC 4648 section 4, to which the specification refers',
  cases: [
    ...ENCRYPT_FIELDS.map((field) =>
      refuses(`base64-none-${field}`, 'MUST', `${field} that is not Base64`, ['ValidationException'], ({ store }) =>
        store.call('encrypt', { [field]: NOT_BASE64 }),
      ),
    ),
    ...DECRYPT_FIELDS.map((field) =>
      refuses(`base64-none-${field}`, 'MUST', `${field} that is not Base64`, MALFORMED, ({ store }) =>
        store.call('decrypt', { [field]: NOT_BASE64 }),
      ),
    ),
    ...LOOSE_SPELLINGS.flatMap(loose),
    respelled('base64-unpadded-ciphertext', 'ciphertext without Base64 padding', 'ciphertext', (text) =>
      text.replace(/=+$/, ''),
    ),
    respelled('base64-unpadded-tag', 'authenticationTag without Base64 padding', 'authenticationTag', (text) =>
      text.replace(/=+$/, ''),
    ),
    respelled(
      'base64-newline-iv',
      'initializationVector with a line break in its Base64',
      'initializationVector',
      (text) => `${text}\n`,
    ),
  ],
};
