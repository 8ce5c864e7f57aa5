import type { ListedKey } from '../../hsm/pkcs11/keys/pkcs11Administration.ts';
import { formatTable } from '../../formatTable.ts';

const COLUMNS: readonly (readonly [heading: string, of: (key: ListedKey) => string])[] = [
  ['LABEL', ({ label }) => label || '""'],
  ['CKA_ID', ({ ckaId }) => ckaId || '-'],
  ['KEY', ({ keySpec }) => keySpec],
  ['CHECK_VALUE', ({ checkValue }) => checkValue ?? '?'],
  ['USAGE', ({ keyUsage }) => keyUsage.join(',') || 'none'],
  ['SENSITIVE', ({ sensitive }) => inWord(sensitive, { no: 'NO' })],
  ['EXTRACTABLE', ({ extractable }) => inWord(extractable, { yes: 'YES' })],
  ['ALWAYS_SENSITIVE', ({ alwaysSensitive }) => inWord(alwaysSensitive)],
  ['NEVER_EXTRACTABLE', ({ neverExtractable }) => inWord(neverExtractable)],
  ['LOCAL', ({ local }) => inWord(local)],
];

/**
 * Formats a table of keys, one per line, with their attributes in columns. `?` means that the token does not say. Capitals mean
 * that the key is not protected.
 */
export function keyTable(keys: readonly ListedKey[]): string {
  return formatTable([COLUMNS.map(([heading]) => heading), ...keys.map((key) => COLUMNS.map(([, of]) => of(key)))]);
}

function inWord(value: boolean | undefined, { yes = 'yes', no = 'no' } = {}): string {
  if (value === undefined) return '?';
  return value ? yes : no;
}
