import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encryptBody, paths } from '../support/messages.ts';
import { handSigned } from '../support/handSigned.ts';
import { errorNameOf, ListeningApp } from './listeningApp.ts';

const app = new ListeningApp();
const path = paths.encrypt;
const body = JSON.stringify(encryptBody);
const hex = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 64, maxLength: 64 });
const header = fc.string({ unit: 'grapheme-ascii', maxLength: 200 });

async function refused(headers: Readonly<Record<string, string>>, sent: string | Buffer = body): Promise<void> {
  expect(errorNameOf(await app.send({ path, headers, body: sent }))).toBe('AuthenticationFailedException');
}

function signed(): Record<string, string> & { authorization: string } {
  const headers = handSigned({ credential: app.proxy.credentials[0], path, body });
  return { ...headers, authorization: headers['authorization'] ?? '' };
}

/** The text with one character replaced. */
function exchange(text: string, place: number, character: string): string {
  const index = place % text.length;
  return text.slice(0, index) + character + text.slice(index + 1);
}

it('the unchanged headers are accepted', async () => {
  expect(await app.send({ path, headers: signed(), body })).toMatchObject({ status: 200 });
});

it('any Authorization is refused', async () => {
  const looksRight = fc
    .record({
      id: fc.oneof(
        fc.constant(app.proxy.credentials[0].accessKeyId),
        fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
      ),
      scope: fc.array(fc.oneof(fc.constantFrom('us-east-1', 'kms-xks-proxy', 'aws4_request'), header), {
        maxLength: 5,
      }),
      names: fc.array(fc.constantFrom('host', 'x-amz-date', 'content-type', 'authorization', '', 'Host'), {
        maxLength: 5,
      }),
      signature: fc.oneof(hex, header),
    })
    .map(({ id, scope, names, signature }) => {
      const credential = [id, ...scope].join('/');
      return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(header, looksRight), (authorization) => refused({ ...signed(), authorization })),
    { numRuns: 400 },
  );
});

it('the right Authorization with one character replaced is refused', async () => {
  const character = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), character, async (place, other) => {
      const headers = signed();
      const authorization = exchange(headers.authorization, place, other);
      fc.pre(authorization !== headers.authorization);
      await refused({ ...headers, authorization });
    }),
    { numRuns: 400 },
  );
});

it('the right signature is refused if one bit of the body differs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 7 }), async (place, bit) => {
      const bytes = Buffer.from(body);
      const index = place % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index);
      await refused(signed(), bytes);
    }),
    { numRuns: 250 },
  );
});

it('the right signature is refused with another x-amz-date or Host', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('x-amz-date', 'host'), header, async (name, value) => {
      const headers = signed();
      fc.pre(headers[name] !== value.trim().replaceAll(/ +/g, ' '));
      await refused({ ...headers, [name]: value });
    }),
    { numRuns: 150 },
  );
});
