import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../../src/secret.ts';
import { SignatureVerifier } from '../../../src/sigv4/signatureVerifier.ts';
import { readVectors } from '../../support/readVectors.ts';

const file = readVectors(
  'sigv4.json',
  z.strictObject({
    source: z.string(),
    now: z.iso.datetime(),
    regions: z.array(z.string()),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    vectors: z.array(
      z.strictObject({
        name: z.string(),
        path: z.string(),
        body: z.string(),
        headers: z.record(z.string(), z.string()),
        expected: z.enum(['accepted', 'refused']),
      }),
    ),
  }),
);

describe('signatures of botocore', () => {
  const credential = { accessKeyId: file.accessKeyId, secretAccessKey: new Secret(file.secretAccessKey) };
  const verifier = new SignatureVerifier({ regions: new Set(file.regions), clock: () => Date.parse(file.now) });

  it.each(file.vectors)('$name: $expected', async ({ path, body, headers, expected }) => {
    const request = {
      method: 'POST',
      path,
      headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      body: Buffer.from(body),
    };
    const verified = verifier.verify(request, new Map([[credential.accessKeyId, credential]]));
    if (expected === 'accepted') expect(await verified).toBe(credential);
    else await expect(verified).rejects.toMatchObject({ errorName: 'AuthenticationFailedException' });
  });
});

describe('a duplicate header', () => {
  const { headers, path, body } = file.vectors[0] ?? { headers: {}, path: '', body: '' };
  const credential = { accessKeyId: file.accessKeyId, secretAccessKey: new Secret(file.secretAccessKey) };

  it.each(['authorization', 'host', 'x-amz-date'])('is refused: %s', async (twice) => {
    const verifier = new SignatureVerifier({ regions: new Set(file.regions), clock: () => Date.parse(file.now) });
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const request = {
      method: 'POST',
      path,
      headers: new Map([...lowerCase, [twice, undefined]]),
      body: Buffer.from(body),
    };
    await expect(verifier.verify(request, new Map([[credential.accessKeyId, credential]]))).rejects.toMatchObject({
      errorName: 'AuthenticationFailedException',
      message: `The request must have exactly one ${twice} header.`,
    });
  });
});
