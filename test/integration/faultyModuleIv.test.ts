import { createDecipheriv, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KeyManager, Sealed } from '../../src/hsm/keyManager.ts';
import { openServingKeyManager } from '../../src/hsm/pkcs11/serving/openServingKeyManager.ts';
import type { Pkcs11Options } from '../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { createFaultyModule, type Fault, type FaultyModule } from '../support/faultyModule.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const keyValue = randomBytes(32);
const aad = randomBytes(30);
const internal = { errorName: 'InternalException' };

let softHsm: SoftHsmFixture;
let faulty: FaultyModule;

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', keyValue);
  faulty = createFaultyModule(softHsm);
});

afterEach(() => {
  faulty.clear();
});

afterAll(() => {
  faulty.dispose();
  softHsm.dispose();
});

type Dialect = Pick<Pkcs11Options, 'isolation' | 'iv' | 'gcmParameters'>;

async function withKeyManager(dialect: Dialect, use: (keyManager: KeyManager) => Promise<void>): Promise<void> {
  const { tokenLabel, pin } = softHsm;
  const token = { label: tokenLabel };
  const keyManager = await openServingKeyManager(
    { name: 'faulty', module: faulty.module, token, pin, sessions: 2, timeoutMs: 10_000, ...dialect },
    {
      modules: new ModuleRegistry(),
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      clock: () => performance.now(),
    },
  );
  try {
    await use(keyManager);
  } finally {
    await keyManager.close();
  }
}

function opened({ ciphertext, iv, tag }: Sealed): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', keyValue, iv).setAAD(aad).setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

const MODULES: Readonly<Record<Pkcs11Options['iv'], readonly Fault[]>> = {
  random: [],
  'hsm-in-place': [{ on: 'C_EncryptInit', does: 'make-iv-in-place' }],
  'hsm-appended': [{ on: 'C_EncryptInit', does: 'make-iv-appended' }],
};
const V2_20: readonly Fault[] = [
  { on: 'C_EncryptInit', does: 'demand-v2.20' },
  { on: 'C_DecryptInit', does: 'demand-v2.20' },
];
const IVS = ['random', 'hsm-in-place', 'hsm-appended'] as const;
const DIALECTS: Dialect[] = (['none', 'thread'] as const).flatMap((isolation) =>
  IVS.flatMap((iv) => (['v2.40', 'v2.20'] as const).map((gcmParameters) => ({ isolation, iv, gcmParameters }))),
);

describe.each(DIALECTS)('isolation: $isolation, iv: $iv, gcmParameters: $gcmParameters', (dialect) => {
  it('round trips succeed with a module that requires exactly these settings', async () => {
    faulty.inject(...MODULES[dialect.iv], ...(dialect.gcmParameters === 'v2.20' ? V2_20 : []));
    await withKeyManager(dialect, async (keyManager) => {
      const plaintexts = [0, 1, 4_300].flatMap((length) => Array.from({ length: 20 }, () => randomBytes(length)));
      const sealed = await Promise.all(
        plaintexts.map((plaintext) => keyManager.encrypt({ label: 'key' }, plaintext, aad)),
      );
      expect(sealed.map(({ ciphertext, iv, tag }) => [ciphertext.length, iv.length, tag.length])).toEqual(
        plaintexts.map(({ length }) => [length, 12, 16]),
      );
      expect(sealed.map(opened)).toEqual(plaintexts);
      expect(new Set(sealed.map(({ iv }) => Buffer.from(iv).toString('hex'))).size).toBe(plaintexts.length);
      const decrypted = await Promise.all(sealed.map((each) => keyManager.decrypt({ label: 'key' }, each, aad)));
      expect(decrypted.map((bytes) => Buffer.from(bytes))).toEqual(plaintexts);
      const noAad = new Uint8Array(0);
      const withoutAad = await keyManager.encrypt({ label: 'key' }, Buffer.from('x'), noAad);
      expect(Buffer.from(await keyManager.decrypt({ label: 'key' }, withoutAad, noAad)).toString()).toBe('x');
    });
  });
});

describe.each(DIALECTS.filter(({ iv }) => iv === 'hsm-appended'))(
  'isolation: $isolation, gcmParameters: $gcmParameters',
  (dialect) => {
    it.each([12, 16] as const)(
      'round trips succeed with a module that accepts no IV, and appends one of %i bytes',
      async (bytes) => {
        faulty.inject(
          { on: 'C_EncryptInit', does: 'refuse-iv' },
          { on: 'C_EncryptInit', does: 'make-iv-appended', bytes },
          ...(dialect.gcmParameters === 'v2.20' ? V2_20 : []),
        );
        await withKeyManager(dialect, async (keyManager) => {
          for (const length of [0, 1, 4_300]) {
            const plaintext = randomBytes(length);
            const sealed = await keyManager.encrypt({ label: 'key' }, plaintext, aad);
            expect([sealed.ciphertext.length, sealed.iv.length, sealed.tag.length]).toEqual([length, bytes, 16]);
            expect(opened(sealed)).toEqual(plaintext);
            expect(Buffer.from(await keyManager.decrypt({ label: 'key' }, sealed, aad))).toEqual(plaintext);
          }
        });
      },
    );
  },
);

it.each(['none', 'thread'] as const)(
  'if C_GenerateRandom writes nothing, no IV is used twice: isolation %s',
  async (isolation) => {
    faulty.inject({ on: 'C_GenerateRandom', does: 'answer', code: 0 });
    await withKeyManager({ isolation, iv: 'random', gcmParameters: 'v2.40' }, async (keyManager) => {
      const ivs = new Set<string>();
      for (let time = 0; time < 50; time++) {
        const sealed = await keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad);
        expect(opened(sealed)).toEqual(Buffer.from('x'));
        ivs.add(Buffer.from(sealed.iv).toString('hex'));
      }
      expect(ivs.size).toBe(50);
    });
  },
);

describe("if the dialect differs from the module's, nothing is encrypted", () => {
  const cases: [Pkcs11Options['iv'], keyof typeof MODULES][] = [
    ['random', 'hsm-appended'],
    ['hsm-in-place', 'random'],
    ['hsm-in-place', 'hsm-appended'],
    ['hsm-appended', 'random'],
    ['hsm-appended', 'hsm-in-place'],
  ];

  it.each(cases)('iv: %s with a module for iv: %s', async (iv, module) => {
    faulty.inject(...MODULES[module]);
    await withKeyManager({ isolation: 'none', iv, gcmParameters: 'v2.40' }, async (keyManager) => {
      await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject(internal);
    });
  });

  it.each(['random', 'hsm-in-place'] as const)('iv: %s with a module that accepts no IV', async (iv) => {
    faulty.inject({ on: 'C_EncryptInit', does: 'refuse-iv' }, { on: 'C_EncryptInit', does: 'make-iv-appended' });
    await withKeyManager({ isolation: 'none', iv, gcmParameters: 'v2.40' }, async (keyManager) => {
      await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject({
        ...internal,
        detail: 'C_EncryptInit answered CKR_MECHANISM_PARAM_INVALID (0x71)',
      });
    });
  });

  it.each(['v2.40', 'v2.20'] as const)('gcmParameters: %s', async (gcmParameters) => {
    if (gcmParameters === 'v2.40') faulty.inject(...V2_20);
    // Without the fault of a module that supports only 2.40.
    else faulty.inject({ on: 'C_EncryptInit', does: 'make-iv-in-place' });
    await withKeyManager({ isolation: 'none', iv: 'random', gcmParameters }, async (keyManager) => {
      await expect(keyManager.encrypt({ label: 'key' }, Buffer.from('x'), aad)).rejects.toMatchObject({
        ...internal,
        detail: 'C_EncryptInit answered CKR_MECHANISM_PARAM_INVALID (0x71)',
      });
    });
  });
});
