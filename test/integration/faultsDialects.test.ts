import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Fault } from '../support/faultyModule.ts';
import { FaultyProxy, type FaultyManager } from '../support/faultyProxy.ts';

const MODULES = {
  random: [],
  'hsm-in-place': [{ on: 'C_EncryptInit', does: 'make-iv-in-place' }],
  'hsm-appended': [{ on: 'C_EncryptInit', does: 'make-iv-appended' }],
} as const satisfies Readonly<Record<string, readonly Fault[]>>;
const V2_20: readonly Fault[] = [
  { on: 'C_EncryptInit', does: 'demand-v2.20' },
  { on: 'C_DecryptInit', does: 'demand-v2.20' },
];

const DIALECTS: FaultyManager[] = (['none', 'thread'] as const).flatMap((isolation) =>
  (['random', 'hsm-in-place', 'hsm-appended'] as const).flatMap((iv) => [
    { isolation, iv, gcmParameters: 'v2.40', faults: MODULES[iv] },
    { isolation, iv, gcmParameters: 'v2.20', faults: [...MODULES[iv], ...V2_20] },
  ]),
);

let proxy: FaultyProxy;

beforeAll(async () => {
  proxy = await FaultyProxy.start(...DIALECTS.map((dialect) => [dialect]));
});

afterAll(() => proxy.dispose());

describe.each(DIALECTS)('isolation: $isolation, iv: $iv, gcmParameters: $gcmParameters', (dialect) => {
  const store = DIALECTS.indexOf(dialect);

  // An answer is right only if its IV is new.
  it.each([0, 1, 32, 4_300])('%i bytes are encrypted and decrypted as AES-GCM', async (bytes) => {
    for (let time = 0; time < 10; time += 1) {
      const { status, body } = await proxy.ask(proxy.key.encryptProbe({ bytes }), store);
      expect(status).toBe(200);
      expect(Buffer.from(String(body['initializationVector']), 'base64')).toHaveLength(12);
      for (const ivBytes of [12, 16] as const) {
        expect(await proxy.ask(proxy.key.decryptProbe({ bytes, ivBytes }), store)).toMatchObject({ status: 200 });
      }
    }
  });
});

describe.each(DIALECTS)('isolation: $isolation, iv: $iv, gcmParameters: $gcmParameters', (dialect) => {
  const store = DIALECTS.indexOf(dialect);

  it.each(Object.entries(MODULES).filter(([iv]) => iv !== dialect['iv']))(
    'is an error, and no ciphertext, of a module that becomes one for iv: %s',
    async (iv, faults) => {
      const module = proxy.module(store);
      onTestFinished(() => {
        module.clear();
        module.inject(...(dialect.faults ?? []));
      });
      module.clear();
      module.inject(...faults, ...(dialect['gcmParameters'] === 'v2.20' ? V2_20 : []));
      const { status, body } = await proxy.ask(proxy.key.encryptProbe(), store);
      // A module that makes its own IV in place of zeros accepts any other given IV.
      if (dialect['iv'] === 'random' && iv === 'hsm-in-place') expect(status).toBe(200);
      else {
        expect(status).toBe(500);
        expect(Object.keys(body)).toEqual(['errorName', 'errorMessage']);
      }
    },
  );
});
