import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { testCertificates } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { CONFIG_SECRET } from '../../support/validConfig.ts';

const CONFIG_FOLDER = new URL('../../../config/', import.meta.url);

interface Written {
  readonly keyManagers: readonly [{ readonly pkcs11: { readonly pin: { readonly file: string } } }];
}

const VENDORS = [
  ['aws-cloudhsm.yaml', '/opt/cloudhsm/lib/libcloudhsm_pkcs11.so', { isolation: 'thread', iv: 'hsm-in-place' }],
  ['entrust-nshield.yaml', '/opt/nfast/toolkits/pkcs11/libcknfast.so', { isolation: 'thread', iv: 'hsm-in-place' }],
  ['securosys-primus.yaml', '/usr/local/primus/lib/libprimusP11.so', { isolation: 'thread', iv: 'random' }],
  ['softhsm.yaml', '/usr/lib/softhsm/libsofthsm2.so', { isolation: 'none', iv: 'random' }],
  ['thales-luna.yaml', '/usr/safenet/lunaclient/lib/libCryptoki2_64.so', { isolation: 'thread', iv: 'random' }],
  ['utimaco.yaml', '/usr/local/lib/libcs_pkcs11_R3.so', { isolation: 'thread', iv: 'random' }],
] as const;

function loadExample(file: string, module: string) {
  const text = readFileSync(new URL(file, CONFIG_FOLDER), 'utf8');
  const [written] = (parse(text) as Written).keyManagers;
  const folder = temporaryFolder({
    // With the key that is commented out.
    'config.yaml': text.replace(module, 'module.so').replace('# - { id: bar', '- { id: bar'),
    'module.so': 'not loaded here',
    [written.pkcs11.pin.file]: '123456\n',
    'server.crt': testCertificates.server.certificate,
    'server.key': testCertificates.server.privateKey,
    'example.secret': `${CONFIG_SECRET}\n`,
  });
  return { written, folder, ...loadConfig(join(folder, 'config.yaml'), {}) };
}

it.each(VENDORS)('%s is valid, and sets every key explicitly', (file, module, dialect) => {
  const { written, folder, config, warnings } = loadExample(file, module);

  expect(warnings).toEqual([]);
  const pkcs11 = config.keyManagers[0]?.pkcs11 ?? {};
  expect(pkcs11).toMatchObject({ ...dialect, gcmParameters: 'v2.40', module: join(folder, 'module.so') });
  // A new setting must be explained for every vendor.
  expect(Object.keys(written.pkcs11).sort()).toEqual(Object.keys(pkcs11).sort());
});

it.each(VENDORS)('%s shows keys by label and by CKA_ID', (file, module) => {
  const [store] = loadExample(file, module).config.keyStores;
  expect(store?.keys.map(({ id, versions: [{ label, ckaId }] }) => ({ id, label, ckaId }))).toEqual([
    { id: 'foo', label: 'foo', ckaId: undefined },
    { id: 'bar', label: undefined, ckaId: '0a0b0c' },
  ]);
});

it('all examples are tested', () => {
  const files = readdirSync(CONFIG_FOLDER).filter(
    (name) => name.endsWith('.yaml') && name !== 'xks-proxy.example.yaml',
  );
  expect(files.sort()).toEqual(VENDORS.map(([file]) => file));
});
