import type { Answer, Header, WireRequest } from '../xksClient/sendRequest.ts';

const MAX_CHARACTERS = 400;
const MAX_STRING_CHARACTERS = 60;
// Headers that each request has with usual values. The other headers are what a case tests.
const USUAL_HEADERS = new Set(['host', 'content-type', 'content-length', 'x-amz-date', 'authorization']);

/** Describes a request in one line. `showSignature` adds the headers of the signature, without its value. */
export function describeRequest({ method, path, headers, body }: WireRequest, showSignature: boolean): string {
  const shown = headers.filter(([name]) => !USUAL_HEADERS.has(name) || (showSignature && isSignature(name)));
  const parts = [`${method} ${path}`, ...shown.map(formatHeader), describeBody(body)];
  return redact(printable(parts.filter((part) => part !== '').join('  ')));
}

/** Describes an answer in one line of printable ASCII. */
export function describeAnswer({ status, body }: Pick<Answer, 'status' | 'body'>): string {
  return redact(printable(`${status} ${describeBody(body)}`.trim()));
}

/** Escapes all except printable ASCII, so that a report cannot send a target's control sequences to a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
}

function isSignature(name: string): boolean {
  return name === 'x-amz-date' || name === 'authorization' || name === 'host';
}

function formatHeader([name, value]: Header): string {
  return `${name}: ${value.length > MAX_CHARACTERS ? `${value.slice(0, MAX_CHARACTERS)}...` : value}`;
}

function describeBody(body: Uint8Array): string {
  const text = shorten(Buffer.from(body).toString());
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}... (${body.length} bytes)` : text;
}

/** Cuts the long strings of a JSON text, so that its structure stays readable. */
function shorten(text: string): string {
  return text.replaceAll(/"([^"\\]*)"/g, (whole, content: string) =>
    content.length > MAX_STRING_CHARACTERS ? `"${content.slice(0, 24)}... (${content.length} characters)"` : whole,
  );
}

// A proxy may echo a signature that it received or computed.
function redact(text: string): string {
  return text
    .replaceAll(/(Credential=)[^/,\s&%]*/gi, '$1(id)')
    .replaceAll(/(Signature=)[^,\s&"]*/gi, '$1(signature)')
    .replaceAll(/\b[0-9a-f]{63,64}\b/gi, '(64 hex)');
}
