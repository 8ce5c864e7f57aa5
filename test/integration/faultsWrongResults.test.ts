import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../support/faultyModule.ts';
import { FaultyProxy } from '../support/faultyProxy.ts';

const ISOLATIONS = ['none', 'thread'] as const;
const BYTES = 10;
const UNPROVEN = {
  status: 500,
  body: {
    errorName: 'InternalException',
    errorMessage: 'The key manager did not decrypt its own ciphertext to the plaintext; nothing was returned.',
  },
};
const FAILED = {
  status: 500,
  body: { errorName: 'InternalException', errorMessage: 'The key manager failed.' },
};

let proxy: FaultyProxy;

beforeAll(async () => {
  proxy = await FaultyProxy.start(...ISOLATIONS.map((isolation) => [{ isolation }]));
});

afterEach(() => {
  proxy.clear();
});

afterAll(() => proxy.dispose());

describe.each(ISOLATIONS)('isolation: %s', (isolation) => {
  const store = ISOLATIONS.indexOf(isolation);

  it.each<[string, Fault]>([
    ['a flipped bit of the ciphertext', { on: 'C_Encrypt', does: 'flip-bit', byte: 0 }],
    ['a flipped bit of the tag', { on: 'C_Encrypt', does: 'flip-bit', byte: BYTES }],
    ['a flipped bit of the last byte of the tag', { on: 'C_Encrypt', does: 'flip-bit', byte: BYTES + 15 }],
    ['a ciphertext of zeros', { on: 'C_Encrypt', does: 'write-nothing' }],
    ['a flipped bit of the decrypted plaintext', { on: 'C_Decrypt', does: 'flip-bit', byte: 3 }],
    ['a decrypted plaintext of zeros', { on: 'C_Decrypt', does: 'write-nothing' }],
  ])('a CDIV is not given for %s', async (_, fault) => {
    proxy.module(store).inject(fault);
    expect(await proxy.ask(proxy.key.encryptProbe({ bytes: BYTES }), store)).toEqual(UNPROVEN);
    proxy.clear();
    expect(await proxy.outcomes(1, store)).toEqual(['ok', 'ok']);
  });

  describe.each(['C_Encrypt', 'C_Decrypt'] as const)('%s', (on) => {
    // Also lengths beyond the given memory, and below zero.
    it.each([1, 12, 16, 100, 1_000_000, 0x7fffffff, 0xfffffff0, -1, -BYTES, -BYTES - 1, -1_000])(
      'with a length that is wrong by %i is an error, and no data is returned',
      async (by) => {
        proxy.module(store).inject({ on, does: 'change-length', by });
        expect(await proxy.ask(proxy.key.encryptProbe({ bytes: BYTES }), store)).toEqual(FAILED);
        if (on === 'C_Decrypt')
          expect(await proxy.ask(proxy.key.decryptProbe({ bytes: BYTES }), store)).toEqual(FAILED);
        proxy.clear();
        expect(await proxy.outcomes(1, store)).toEqual(['ok', 'ok']);
      },
    );
  });
});
