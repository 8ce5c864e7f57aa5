import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pkcs11js from 'pkcs11js';
import { openPkcs11Administration, type Pkcs11Administration } from '../../src/hsm/pkcs11/keys/pkcs11Administration.ts';
import { ModuleRegistry } from '../../src/hsm/pkcs11/module/moduleRegistry.ts';
import { checkValueOf } from '../support/checkValueOf.ts';
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
const checkValue = expect.stringMatching(/^[0-9A-F]{6}$/) as string;
const inToken = { ckaId: random16, checkValue, sensitive: true, extractable: false };
const madeInToken = { alwaysSensitive: true, neverExtractable: true, local: true, private: true };

describe('keys', () => {
  it.each([
    [{ label: 'both', usages: ['ENCRYPT', 'DECRYPT'] as const }, 'AES_256'],
    [{ label: 'encrypt', usages: ['ENCRYPT'] as const, bits: 256 as const }, 'AES_256'],
    [{ label: 'none', usages: [], bits: 192 as const }, 'AES_192'],
    [{ label: 'short', usages: ['DECRYPT'] as const, bits: 128 as const }, 'AES_128'],
  ])('are made as requested: %j', (key, keySpec) => {
    const expected = { label: key.label, keySpec, keyUsage: [...key.usages], ...inToken, ...madeInToken };
    expect(administration.createKey(key)).toEqual(expected);
    expect(administration.listKeys()).toContainEqual(expected);
  });

  it('never get the label of another key', () => {
    administration.createKey({ label: 'taken', usages: ['ENCRYPT'] });
    const before = administration.listKeys();
    expect(() => administration.createKey({ label: 'taken', usages: ['ENCRYPT'] })).toThrow(
      'The token has a key labelled "taken" already. Choose another label.',
    );
    expect(administration.listKeys()).toEqual(before);
  });

  it('get the requested CKA_ID if no other key has it', () => {
    const created = administration.createKey({ label: 'by-id', ckaId: '00ff0a', usages: [] });
    expect(created).toMatchObject({ label: 'by-id', ckaId: '00ff0a' });
    const before = administration.listKeys();
    expect(() => administration.createKey({ label: 'another', ckaId: '00ff0a', usages: [] })).toThrow(
      'The token has a key with the CKA_ID 00ff0a already. Choose another CKA_ID.',
    );
    expect(administration.listKeys()).toEqual(before);
  });

  it('are listed by label, including imported keys and keys of other types', () => {
    softHsm.importKey('zebra', Buffer.alloc(32, 1), [{ type: pkcs11js.CKA_EXTRACTABLE, value: true }]);
    softHsm.importKey('aardvark', Buffer.alloc(24, 1), [{ type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_DES3 }]);
    const keys = administration.listKeys();
    expect(keys.map(({ label }) => label)).toEqual(keys.map(({ label }) => label).sort());
    expect(keys).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ label: 'aardvark', keySpec: 'CKK_DES3', local: false }),
        expect.objectContaining({ label: 'zebra', extractable: true, neverExtractable: false, local: false }),
      ]),
    );
  });

  it('that share a label are listed separately, each with its CKA_ID and attributes', () => {
    const imported = { sensitive: false, extractable: true, alwaysSensitive: false, neverExtractable: false };
    const attributes = [
      { type: pkcs11js.CKA_SENSITIVE, value: false },
      { type: pkcs11js.CKA_EXTRACTABLE, value: true },
    ];
    for (const id of ['0b', '0a']) {
      const ckaId = { type: pkcs11js.CKA_ID, value: Buffer.from(id, 'hex') };
      softHsm.importKey('twin', Buffer.alloc(32, 1), [ckaId, ...attributes]);
    }
    expect(administration.listKeys().filter(({ label }) => label === 'twin')).toEqual(
      ['0a', '0b'].map((ckaId) => ({
        label: 'twin',
        ckaId,
        checkValue: checkValueOf(Buffer.alloc(32, 1)),
        keySpec: 'AES_256',
        keyUsage: ['ENCRYPT', 'DECRYPT', 'SIGN', 'VERIFY', 'WRAP', 'UNWRAP'],
        ...imported,
        local: false,
        private: true,
      })),
    );
  });

  it('have their labels escaped', () => {
    const notUtf8 = { type: pkcs11js.CKA_LABEL, value: Buffer.from('e7616d', 'hex') };
    softHsm.importKey('', Buffer.alloc(32, 1), [notUtf8]);
    administration.createKey({ label: '\x1b[31mred', usages: [] });
    const labels = administration.listKeys().map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining([String.raw`\xe7am`, String.raw`\u001b[31mred`]));
  });

  it('are all found, even if there are more than one call of the module returns', () => {
    const before = administration.listKeys().length;
    for (let index = 0; index < 120; index++) administration.createKey({ label: `many-${index}`, usages: [] });
    expect(administration.listKeys()).toHaveLength(before + 120);
  });
});
