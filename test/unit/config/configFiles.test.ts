import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFrom } from '../../../src/config/files/configFiles.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const CONFIG = `
server: { regions: [us-east-1], insecureHttp: true }
keyManagers: [{ name: softhsm, pkcs11: { module: module.so, token: { label: t }, pin: { file: pin } } }]
keyStores: [{ name: one, uriPathPrefix: /one, keyManagers: [softhsm], quota: { requestsPerSecond: 2.5 } }]
`;

function folder(): string {
  const made = temporaryFolder({ 'config.yaml': CONFIG, pin: '1234\n', 'module.so': '' });
  chmodSync(join(made, 'pin'), 0o600);
  return made;
}

it('a snapshot gives the same configuration after the files have changed', () => {
  const file = join(folder(), 'config.yaml');
  const { config, snapshot } = loadConfig(file, {});
  writeFileSync(file, 'server: {}');
  writeFileSync(join(file, '../pin'), '9999\n');
  const again = loadConfig(file, {}, readFrom(snapshot)).config;
  expect(again).toEqual(config);
  expect(again.keyManagers[0]?.pkcs11.pin.reveal()).toBe('1234');
  expect(again.keyStores[0]?.quota).toEqual({ requestsPerSecond: 2.5, burst: 3 });
});

it('a pipe is refused, because it cannot be read again', () => {
  const made = folder();
  rmSync(join(made, 'pin'));
  execFileSync('mkfifo', ['-m', '600', join(made, 'pin')]);
  expect(() => loadConfig(join(made, 'config.yaml'), {})).toThrow(
    /pin \(line 3\): names .*pin, which cannot be read \(not a regular file\)/,
  );
});

it('a snapshot reads nothing else', () => {
  expect(() => loadConfig('/nowhere/config.yaml', {}, readFrom({}))).toThrow(/cannot be read \(ENOENT\)/);
});
