import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pkcs11js from 'pkcs11js';
import { openPkcs11Administration, type Pkcs11Administration } from '../../src/hsm/pkcs11/keys/pkcs11Administration.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

let softHsm: SoftHsmFixture;
let administration: Pkcs11Administration;

beforeAll(async () => {
  softHsm = createSoftHsm();
  const { module, tokenLabel, pin } = softHsm;
  administration = await openPkcs11Administration(
    { module, token: { label: tokenLabel }, pin },
    { modules: new ModuleRegistry() },
  );
});

afterAll(() => {
  administration.close();
  softHsm.dispose();
});

const random16 = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
const inToken = { ckaId: random16, sensitive: true, extractable: false, neverExtractable: true, local: true };

describe('keys', () => {
  it.each([
    [{ label: 'both', usages: ['ENCRYPT', 'DECRYPT'] as const }, 'AES_256'],
    [{ label: 'encrypt', usages: ['ENCRYPT'] as const, bits: 256 as const }, 'AES_256'],
    [{ label: 'none', usages: [], bits: 192 as const }, 'AES_192'],
    [{ label: 'short', usages: ['DECRYPT'] as const, bits: 128 as const }, 'AES_128'],
  ])('are made as asked: %j', (key, keySpec) => {
    const expected = { label: key.label, keySpec, keyUsage: [...key.usages], ...inToken };
    expect(administration.createKey(key)).toEqual(expected);
    expect(administration.listKeys()).toContainEqual(expected);
  });

  it('never get a label that is taken', () => {
    administration.createKey({ label: 'taken', usages: ['ENCRYPT'] });
    const before = administration.listKeys();
    expect(() => administration.createKey({ label: 'taken', usages: ['ENCRYPT'] })).toThrow(
      'The token has a key labelled "taken" already. Choose another label.',
    );
    expect(administration.listKeys()).toEqual(before);
  });

  it('get the CKA_ID that is asked for, if no key has it', () => {
    const created = administration.createKey({ label: 'by-id', ckaId: '00ff0a', usages: [] });
    expect(created).toMatchObject({ label: 'by-id', ckaId: '00ff0a' });
    const before = administration.listKeys();
    expect(() => administration.createKey({ label: 'another', ckaId: '00ff0a', usages: [] })).toThrow(
      'The token has a key with the CKA_ID 00ff0a already. Choose another CKA_ID.',
    );
    expect(administration.listKeys()).toEqual(before);
  });

  it('are listed by label, the imported and the other ones too', () => {
    softHsm.importKey('zebra', Buffer.alloc(32, 1), [{ type: pkcs11js.CKA_EXTRACTABLE, value: true }]);
    softHsm.importKey('aardvark', Buffer.alloc(24, 1), [{ type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_DES3 }]);
    const keys = administration.listKeys();
    expect(keys.map(({ label }) => label)).toEqual(keys.map(({ label }) => label).sort());
    expect(keys[0]).toMatchObject({ label: 'aardvark', keySpec: 'CKK_DES3', local: false });
    expect(keys.at(-1)).toMatchObject({ label: 'zebra', extractable: true, neverExtractable: false, local: false });
  });

  it('are found beyond what a module gives at once', () => {
    const before = administration.listKeys().length;
    for (let index = 0; index < 120; index++) administration.createKey({ label: `many-${index}`, usages: [] });
    expect(administration.listKeys()).toHaveLength(before + 120);
  });
});
