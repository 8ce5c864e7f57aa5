import { hash } from 'node:crypto';
import { ALGORITHM, formatScope, type CredentialScope } from './credentialScope.ts';

export interface CanonicalRequestInput {
  readonly method: string;
  /** The raw path: only unreserved characters and `/`, so its canonical form is itself. There is no query string. */
  readonly path: string;
  /** The signed headers, lower-case names in sorted order, each with its value. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** SigV4's canonical request. Spec, Appendix A, task 1. */
export function canonicalRequest({ method, path, headers, body }: CanonicalRequestInput): string {
  const canonicalHeaders = headers.map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/g, ' ')}\n`).join('');
  const signedHeaders = headers.map(([name]) => name).join(';');
  return `${method}\n${path}\n\n${canonicalHeaders}\n${signedHeaders}\n${hash('sha256', body)}`;
}

/** Spec, Appendix A, task 2. `amzDate` is `YYYYMMDDTHHMMSSZ`. */
export function stringToSign(amzDate: string, scope: CredentialScope, request: CanonicalRequestInput): string {
  return `${ALGORITHM}\n${amzDate}\n${formatScope(scope)}\n${hash('sha256', canonicalRequest(request))}`;
}
