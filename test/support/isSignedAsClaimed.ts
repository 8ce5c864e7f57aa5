import { createHmac, hash } from 'node:crypto';
import type { Credential } from '../../src/sigv4/credential.ts';
import type { SignedRequest } from '../../src/sigv4/signatureVerifier.ts';

const CLAIMS = /Credential=[^/]*\/([^,]*), ?SignedHeaders=([^,]*), ?Signature=(.*)$/;

/**
 * Whether the secret made the signature over what the request claims to be signed: any scope, date and headers, and any
 * payload hash in x-amz-content-sha256. A careless verifier checks no more.
 */
export function isSignedAsClaimed(request: SignedRequest, { secretAccessKey }: Credential): boolean {
  const { method, path, headers, body } = request;
  const [, scope = '', signedHeaders = '', signature] = CLAIMS.exec(headers.get('authorization') ?? '') ?? [];
  const canonicalRequest = [
    method,
    path,
    '',
    ...signedHeaders.split(';').map((name) => `${name.toLowerCase()}:${headers.get(name.toLowerCase()) ?? ''}`),
    '',
    signedHeaders,
    headers.get('x-amz-content-sha256') ?? hash('sha256', body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers.get('x-amz-date'), scope, hash('sha256', canonicalRequest)].join('\n');
  const key = scope.split('/').reduce(hmac, Buffer.from(`AWS4${secretAccessKey.reveal()}`));
  return hmac(key, text).toString('hex') === signature;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
