import { hash } from 'node:crypto';
import { ALGORITHM, formatScope, type CredentialScope } from './credentialScope.ts';

export interface CanonicalRequestInput {
  readonly method: string;
  /** Raw path without a query string. It has only unreserved characters and `/`, so it is its own canonical form. */
  readonly path: string;
  /** Signed headers in sorted order. Names are in lower case, and values have one character for each byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** Builds the canonical request of SigV4, with one character for each byte. Spec, Appendix A, task 1. */
export function canonicalRequest({ method, path, headers, body }: CanonicalRequestInput): string {
  const canonicalHeaders = headers.map(([name, value]) => `${name}:${trimAll(value)}\n`).join('');
  const signedHeaders = headers.map(([name]) => name).join(';');
  return `${method}\n${path}\n\n${canonicalHeaders}\n${signedHeaders}\n${hash('sha256', body)}`;
}

/**
 * Builds the strings that clients may sign for a request, the likelier one first. Spec, Appendix A, task 2. `amzDate` is
 * `YYYYMMDDTHHMMSSZ`.
 *
 * If a signed value is not ASCII, there are two. curl signs the bytes that it sends. botocore and aws4 sign a text in UTF-8, but
 * send it in Latin-1.
 */
export function stringsToSign(amzDate: string, scope: CredentialScope, request: CanonicalRequestInput): string[] {
  const canonical = canonicalRequest(request);
  const readings = NOT_ASCII.test(canonical) ? [Buffer.from(canonical, 'latin1'), canonical] : [canonical];
  return readings.map((reading) => `${ALGORITHM}\n${amzDate}\n${formatScope(scope)}\n${hash('sha256', reading)}`);
}

const NOT_ASCII = /[\x80-\xff]/;

// Clients treat tabs as blanks. String.trim would also remove bytes of UTF-8.
function trimAll(value: string): string {
  return value.replaceAll(/[ \t]+/g, ' ').replaceAll(/^ | $/g, '');
}
