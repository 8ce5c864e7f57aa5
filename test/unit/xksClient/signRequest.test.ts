import { sign } from 'aws4';
import { describe, expect, it } from 'vitest';
import { signRequest, type Signing } from '../../../src/xksClient/signRequest.ts';
import type { WireRequest } from '../../../src/xksClient/sendRequest.ts';
import { Secret } from '../../../src/secret.ts';

const SECRET = 'VU6W2byoiBrhDqNGbx703oL0syCAmhlQgwNUT123456';
const signing: Signing = {
  credential: { accessKeyId: 'HGIE2BUAFNDMBCMSQVWLGCEXAMPLE', secretAccessKey: new Secret(SECRET) },
  region: 'eu-west-1',
  time: Date.UTC(2026, 0, 2, 3, 4, 5),
};
const request: WireRequest = {
  method: 'POST',
  path: '/p/kms/xks/v1/health',
  headers: [
    ['host', 'xks.example.com'],
    ['content-type', 'application/json'],
    ['content-length', '2'],
  ],
  body: Buffer.from('{}'),
};

function authorizationOf({ headers }: WireRequest): string | undefined {
  return headers.find(([name]) => name === 'authorization')?.[1];
}

describe('signRequest', () => {
  it('signs as aws4 does', () => {
    const { headers } = sign(
      {
        method: 'POST',
        host: 'xks.example.com',
        path: request.path,
        service: 'kms-xks-proxy',
        region: 'eu-west-1',
        body: '{}',
        headers: { 'Content-Type': 'application/json', 'X-Amz-Date': '20260102T030405Z' },
      },
      { accessKeyId: signing.credential.accessKeyId, secretAccessKey: SECRET },
    );
    const signed = signRequest(request, signing, {
      signedHeaders: ['content-length', 'content-type', 'host', 'x-amz-date'],
    });
    expect(authorizationOf(signed)).toBe(headers?.['Authorization']);
  });

  it('signs host;x-amz-date by default, as KMS does', () => {
    expect(authorizationOf(signRequest(request, signing))).toMatch(
      /^AWS4-HMAC-SHA256 Credential=HGIE2BUAFNDMBCMSQVWLGCEXAMPLE\/20260102\/eu-west-1\/kms-xks-proxy\/aws4_request, SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it('covers the given headers, not the sent ones', () => {
    const other = signRequest({ ...request, body: Buffer.from('other') }, signing);
    const lying = signRequest(request, signing, { covers: { body: Buffer.from('other') } });
    expect(authorizationOf(lying)).toBe(authorizationOf(other));
    expect(lying.body).toEqual(request.body);
  });
});
