import aws4 from 'aws4';
import { expect, it } from 'vitest';
import { signRequest } from '../../../src/kms/xksProxy/signRequest.ts';
import { Secret } from '../../../src/secret.ts';
import { newCredential } from '../../../src/sigv4/newCredential.ts';

const time = Date.UTC(2026, 2, 4, 5, 6, 7, 890);
const body = Buffer.from('{"requestMetadata":{"kmsOperation":"ReEncrypt é"}}');

it.each([
  '/kms/xks/v1/health',
  '/example/uri/path/prefix/kms/xks/v1/keys/foo/encrypt',
  '/a_b-c/kms/xks/v12/keys/A.b_c-9/metadata',
])('signs %s as aws4 does', async (path) => {
  const { accessKeyId, secretAccessKey } = newCredential();
  const headers = await signRequest(
    { host: 'xks.example.com', path, body },
    { accessKeyId, rawSecretAccessKey: secretAccessKey, region: 'eu-north-1', time },
  );
  const request = {
    method: 'POST',
    path,
    body: body.toString(),
    service: 'kms-xks-proxy',
    region: 'eu-north-1',
    headers: { Host: 'xks.example.com', 'X-Amz-Date': '20260304T050607Z' },
    // aws4 adds this member, which its types do not have.
    extraHeadersToIgnore: { 'content-length': true, 'content-type': true },
  };
  const expected = aws4.sign(request, { accessKeyId, secretAccessKey: secretAccessKey.reveal() });
  expect(headers).toEqual({
    host: 'xks.example.com',
    'x-amz-date': '20260304T050607Z',
    authorization: (expected.headers as Record<string, string>)['Authorization'],
  });
  expect(headers['authorization']).toMatch(
    new RegExp(
      `^AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260304/eu-north-1/kms-xks-proxy/aws4_request, ` +
        'SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$',
    ),
  );
});

it('signs the bytes of the body, the path and the host', async () => {
  const request = { host: 'xks.example.com', path: '/kms/xks/v1/health', body };
  const signing = { accessKeyId: 'A'.repeat(20), rawSecretAccessKey: new Secret('s'.repeat(43)), region: 'r', time };
  const signatures = await Promise.all(
    [
      request,
      { ...request, body: Buffer.from('{}') },
      { ...request, path: '/kms/xks/v1//health' },
      { ...request, host: 'xks.example.org' },
    ].map(async (each) => (await signRequest(each, signing))['authorization']),
  );
  expect(new Set(signatures).size).toBe(4);
});
