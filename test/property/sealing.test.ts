import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeCdiv } from '../../src/xks/cdiv.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { errorNameOf, ListeningApp } from './listeningApp.ts';

const app = new ListeningApp();

/** Lengths that are mostly short, and sometimes the maximum. */
function bytesUpTo(maxLength: number): fc.Arbitrary<Buffer> {
  const short = fc.uint8Array({ maxLength: 64 });
  const long = fc.nat(maxLength).map((length) => new Uint8Array(length).fill(length));
  return fc.oneof(short, long, fc.constant(new Uint8Array(maxLength))).map((bytes) => Buffer.from(bytes));
}

interface Sealed {
  readonly ciphertext: Buffer;
  readonly initializationVector: Buffer;
  readonly authenticationTag: Buffer;
  readonly additionalAuthenticatedData: Buffer;
  readonly ciphertextMetadata: Buffer;
}

async function seal(plaintext: Buffer, aad: Buffer): Promise<{ sealed: Sealed; cdiv: string | undefined }> {
  const body = {
    ...encryptBody,
    plaintext: plaintext.toString('base64'),
    additionalAuthenticatedData: aad.toString('base64'),
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  };
  const { status, text } = await app.sendSigned(paths.encrypt, JSON.stringify(body));
  expect(status).toBe(200);
  const answer = JSON.parse(text) as Record<string, string>;
  const bytes = (field: string) => Buffer.from(answer[field] ?? '', 'base64');
  return {
    sealed: {
      ciphertext: bytes('ciphertext'),
      initializationVector: bytes('initializationVector'),
      authenticationTag: bytes('authenticationTag'),
      additionalAuthenticatedData: aad,
      ciphertextMetadata: bytes('ciphertextMetadata'),
    },
    cdiv: answer['ciphertextDataIntegrityValue'],
  };
}

function open(sealed: Sealed) {
  const fields = Object.entries(sealed).map(([name, bytes]) => [name, (bytes as Buffer).toString('base64')] as const);
  const body = { ...encryptBody, plaintext: undefined, ...Object.fromEntries(fields) };
  return app.sendSigned(paths.decrypt, JSON.stringify(body));
}

describe('Encrypt and Decrypt', () => {
  it('return any plaintext under any AAD, and its CDIV', async () => {
    await fc.assert(
      fc.asyncProperty(bytesUpTo(4_300), bytesUpTo(8_192), async (plaintext, aad) => {
        const { sealed, cdiv } = await seal(plaintext, aad);
        const { ciphertext, initializationVector: iv, authenticationTag: tag, ciphertextMetadata } = sealed;
        expect(ciphertext).toHaveLength(plaintext.length);
        expect(cdiv).toBe(computeCdiv({ aad, ciphertextMetadata, iv, ciphertext, tag }));
        const { status, text } = await open(sealed);
        expect(status).toBe(200);
        expect(JSON.parse(text)).toEqual({ plaintext: plaintext.toString('base64') });
      }),
      { numRuns: 150 },
    );
  });
});

describe('Decrypt answers InvalidCiphertextException', () => {
  async function expectRefused(sealed: Sealed): Promise<void> {
    expect(errorNameOf(await open(sealed))).toBe('InvalidCiphertextException');
  }
  const field = fc.constantFrom<keyof Sealed>(
    'ciphertext',
    'initializationVector',
    'authenticationTag',
    'additionalAuthenticatedData',
  );

  it('if any bit of any field differs', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytesUpTo(4_300),
        bytesUpTo(8_192),
        field,
        fc.nat(),
        fc.nat(7),
        async (plaintext, aad, name, place, bit) => {
          const { sealed } = await seal(plaintext, aad);
          const bytes = Buffer.from(sealed[name]);
          fc.pre(bytes.length > 0);
          const index = place % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index);
          await expectRefused({ ...sealed, [name]: bytes });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('if any field is longer or shorter at either end', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytesUpTo(100),
        bytesUpTo(100),
        field,
        fc.integer({ min: -5, max: 5 }),
        fc.boolean(),
        async (plaintext, aad, name, difference, atEnd) => {
          const { sealed } = await seal(plaintext, aad);
          const bytes = sealed[name];
          fc.pre(difference !== 0 && bytes.length + difference >= 0);
          const more = Buffer.alloc(Math.max(0, difference));
          const cut = Math.max(0, -difference);
          const changed = atEnd
            ? Buffer.concat([bytes.subarray(0, bytes.length - cut), more])
            : Buffer.concat([more, bytes.subarray(cut)]);
          await expectRefused({ ...sealed, [name]: changed });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('if bytes move from one field to the next', async () => {
    const pair = fc.constantFrom<[keyof Sealed, keyof Sealed]>(
      ['ciphertext', 'authenticationTag'],
      ['initializationVector', 'ciphertext'],
      ['additionalAuthenticatedData', 'ciphertextMetadata'],
    );
    await fc.assert(
      fc.asyncProperty(
        bytesUpTo(100),
        bytesUpTo(100),
        pair,
        fc.integer({ min: 1, max: 16 }),
        async (plaintext, aad, [from, to], count) => {
          const { sealed } = await seal(plaintext, aad);
          const kept = sealed[from].length - count;
          fc.pre(kept >= 0);
          await expectRefused({
            ...sealed,
            [from]: sealed[from].subarray(0, kept),
            [to]: Buffer.concat([sealed[from].subarray(kept), sealed[to]]),
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('if the metadata was not made by the proxy', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytesUpTo(100),
        bytesUpTo(100),
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        async (plaintext, aad, metadata) => {
          const { sealed } = await seal(plaintext, aad);
          fc.pre(!sealed.ciphertextMetadata.equals(metadata));
          await expectRefused({ ...sealed, ciphertextMetadata: Buffer.from(metadata) });
        },
      ),
      { numRuns: 100 },
    );
  });
});
