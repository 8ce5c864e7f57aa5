import { hash } from 'node:crypto';
import { ALGORITHM, formatScope, type CredentialScope } from './credentialScope.ts';

export interface CanonicalRequestInput {
  readonly method: string;
  /** The raw path: only unreserved characters and `/`, so its canonical form is itself. There is no query string. */
  readonly path: string;
  /** The signed headers, lower-case names in sorted order, each with its value: one character a byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** SigV4's canonical request, one character a byte. Spec, Appendix A, task 1. */
export function canonicalRequest({ method, path, headers, body }: CanonicalRequestInput): string {
  const canonicalHeaders = headers.map(([name, value]) => `${name}:${trimAll(value)}\n`).join('');
  const signedHeaders = headers.map(([name]) => name).join(';');
  return `${method}\n${path}\n\n${canonicalHeaders}\n${signedHeaders}\n${hash('sha256', body)}`;
}

/**
 * The strings that clients sign for a request, the likelier one first. Spec, Appendix A, task 2. `amzDate` is `YYYYMMDDTHHMMSSZ`.
 *
 * There are two when a signed value is not ASCII. curl signs the bytes that it sends; botocore and aws4 sign the UTF-8 of a text and
 * send its Latin-1.
 */
export function stringsToSign(amzDate: string, scope: CredentialScope, request: CanonicalRequestInput): string[] {
  const canonical = canonicalRequest(request);
  const readings = NOT_ASCII.test(canonical) ? [Buffer.from(canonical, 'latin1'), canonical] : [canonical];
  return readings.map((reading) => `${ALGORITHM}\n${amzDate}\n${formatScope(scope)}\n${hash('sha256', reading)}`);
}

const NOT_ASCII = /[\x80-\xff]/;

// Signers take tabs for blanks. String.trim would take bytes of UTF-8, too.
function trimAll(value: string): string {
  return value.replaceAll(/[ \t]+/g, ' ').replaceAll(/^ | $/g, '');
}
