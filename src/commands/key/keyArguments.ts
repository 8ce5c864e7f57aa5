import { InvalidArgumentError } from 'commander';
import { ckaIdField } from '../../config/schema/fields.ts';
import { isPkcs11Uri, keySelectorOf } from '../../config/schema/pkcs11Uri.ts';
import { CommandFailure } from '../cli.ts';

export type Usage = 'ENCRYPT' | 'DECRYPT';

/** Returns the text, unless it is a PKCS#11 URI. Throws CommandFailure without quoting the URI, which may hold a PIN. */
export function refuseUri(text: string): string {
  if (!isPkcs11Uri(text)) return text;
  const { label, ckaId } = keySelectorOf(text);
  const said = [
    ...(label === undefined ? [] : [`the label ${label}`]),
    ...(ckaId === undefined ? [] : [`the CKA_ID ${ckaId}`]),
  ];
  const instead = said.length === 0 ? '' : `: ${said.join(' and ')}`;
  throw new CommandFailure(`PKCS#11 URIs are not accepted here; give the label or the CKA_ID that it names${instead}`);
}

/** Parses a CKA_ID, and converts it to lower case. */
export function parseCkaId(text: string): string {
  const { data, error } = ckaIdField.safeParse(refuseUri(text));
  if (data !== undefined) return data;
  throw new InvalidArgumentError(`It ${error.issues[0]?.message ?? ''}.`);
}

export function parseUsage(text: string): Usage[] {
  if (text === 'none') return [];
  const usages = text.split(',').map((word) => word.trim().toUpperCase());
  if (usages.every((usage) => usage === 'ENCRYPT' || usage === 'DECRYPT')) return usages;
  throw new InvalidArgumentError('Give "encrypt,decrypt", "encrypt", "decrypt" or "none".');
}
