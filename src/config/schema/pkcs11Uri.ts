import type { KeySelector } from './keySelector.ts';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const REFUSAL = 'is a PKCS#11 URI, which is not accepted here';

/** Whether a value looks like a PKCS#11 URI, which may hold a PIN. RFC 7512. */
export function isPkcs11Uri(value: unknown): value is string {
  return typeof value === 'string' && /^pkcs11:/i.test(value);
}

/** A problem that says what to write instead of a URI of a token. */
export function tokenUriProblem(uri: string): string {
  const attributes = attributesOf(uri);
  const [label, serial] = ['token', 'serial'].map((name) => printable(attributes.get(name)));
  const slot = /^[0-9]{1,20}$/.exec(printable(attributes.get('slot-id')) ?? '')?.[0];
  const selectors = Object.entries({ label, serial, slot }).flatMap(([name, value]) =>
    value === undefined ? [] : [`token: { ${name}: ${JSON.stringify(value)} }`],
  );
  return `${REFUSAL}; write ${selectors.join(' or ') || 'token: with one of label, serial, slot'}`;
}

/** A problem that says what to write instead of a URI of a key. */
export function keyUriProblem(uri: string): string {
  const selectors = Object.entries(keySelectorOf(uri)).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `${REFUSAL}; write ${selectors.join(', ') || 'the CKA_LABEL as label, or the CKA_ID in hexadecimal as ckaId'}`;
}

/** Reads the label and the CKA_ID of a key from a URI, as far as they can be decoded. */
export function keySelectorOf(uri: string): KeySelector {
  const attributes = attributesOf(uri);
  const label = printable(attributes.get('object'));
  const id = attributes.get('id');
  return { ...(label !== undefined && { label }), ...(id?.length && { ckaId: id.toString('hex') }) };
}

/** Returns the attributes before the query, which may hold a PIN. Attributes that cannot be decoded are left out. */
function attributesOf(uri: string): Map<string, Buffer> {
  const [path = ''] = uri.slice('pkcs11:'.length).split('?');
  const attributes = path.split(';').map((attribute) => attribute.trim().split('='));
  return new Map(
    attributes.flatMap(([name = '', value = '', ...more]) => {
      const isDecodable = more.length === 0 && /^([^%]|%[0-9a-f]{2})*$/i.test(value);
      return isDecodable ? [[name, percentDecoded(value)]] : [];
    }),
  );
}

function percentDecoded(text: string): Buffer {
  const parts = text.match(/%..|[^%]+/g) ?? [];
  return Buffer.concat(
    parts.map((part) => (part.startsWith('%') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part))),
  );
}

/** Returns undefined for bytes that are empty, are not UTF-8, or contain control characters. */
function printable(bytes: Buffer | undefined): string | undefined {
  try {
    const text = UTF_8.decode(bytes);
    return /^([^\p{C}\p{Z}]| )+$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
