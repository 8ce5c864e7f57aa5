import { randomBytes } from 'node:crypto';
import type { XksErrorName } from '../../xks/errors.ts';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';

// A lenient decoder reads all of these as the bytes of "++++////AA==".
const LOOSE_SPELLINGS: readonly { id: string; title: string; text: string }[] = [
  { id: 'url-safe', title: 'in the URL-safe alphabet', text: '----____AA==' },
  { id: 'unpadded', title: 'without padding', text: '++++////AA' },
  { id: 'space', title: 'with a space', text: '++++ ////AA==' },
  { id: 'newline', title: 'with a line break', text: '++++\n////AA==' },
  { id: 'padding-bits', title: 'with padding bits that are not zero', text: '++++////AB==' },
  { id: 'trailing', title: 'with text after the padding', text: '++++////AA==AAAA' },
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
      refuses(`base64-none-${field}`, 'MUST', `${field} is not Base64`, ['ValidationException'], ({ store }) =>
        store.call('encrypt', { [field]: NOT_BASE64 }),
      ),
    ),
    ...DECRYPT_FIELDS.map((field) =>
      refuses(`base64-none-${field}`, 'MUST', `${field} is not Base64`, MALFORMED, ({ store }) =>
        store.call('decrypt', { [field]: NOT_BASE64 }),
      ),
    ),
    ...LOOSE_SPELLINGS.flatMap(loose),
    respelled('base64-unpadded-ciphertext', 'ciphertext without padding', 'ciphertext', (text) =>
      text.replace(/=+$/, ''),
    ),
    respelled('base64-unpadded-tag', 'authenticationTag without padding', 'authenticationTag', (text) =>
      text.replace(/=+$/, ''),
    ),
    respelled(
      'base64-newline-iv',
      'initializationVector with a line break',
      'initializationVector',
      (text) => `${text}\n`,
    ),
  ],
};
