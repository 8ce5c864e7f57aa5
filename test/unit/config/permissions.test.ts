import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { isOnReadOnlyMount } from '../../../src/config/files/readOnlyMount.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { changedConfig, CONFIG_FILES } from '../../support/validConfig.ts';

const POLICY = '@id("everyone")\npermit (principal, action, resource);\n';

function folderWithPolicy(): string {
  const folder = temporaryFolder(CONFIG_FILES);
  mkdirSync(join(folder, 'policies'), { mode: 0o755 });
  writeFileSync(join(folder, 'policies/p.cedar'), POLICY);
  const written = changedConfig(({ keyStores: [store] }) => {
    Object.assign(store ?? {}, { policyFile: 'policies/p.cedar' });
  });
  writeFileSync(join(folder, 'config.yaml'), stringify(written));
  return folder;
}

describe('a warning names files and folders that everyone may write:', () => {
  it.each(['config.yaml', 'policies/p.cedar', 'module.so', 'server.crt'])('%s', (name) => {
    const folder = folderWithPolicy();
    const file = join(folder, name);
    chmodSync(file, 0o666);
    expect(loadConfig(join(folder, 'config.yaml'), {}).warnings).toEqual([
      `everyone may write ${file}; run: chmod o-w '${file}'`,
    ]);
  });

  it.each([
    ['.', 0o777],
    ['policies', 0o777],
    ['policies', 0o1777],
  ])('the folder %s with mode %o', (name, mode) => {
    const folder = folderWithPolicy();
    chmodSync(join(folder, name), mode);
    expect(loadConfig(join(folder, 'config.yaml'), {}).warnings).toEqual([
      `everyone may replace files in ${join(folder, name)}; run: chmod o-w '${join(folder, name)}'`,
    ]);
  });

  it('nothing else', () => {
    expect(loadConfig(join(folderWithPolicy(), 'config.yaml'), {}).warnings).toEqual([]);
  });
});

describe('a read-only mount', () => {
  const line = (point: string, options: string, superOptions = 'rw') =>
    `36 35 0:1 / ${point} ${options},relatime shared:1 - tmpfs tmpfs ${superOptions},size=64k\n`;
  const folder = () => temporaryFolder();

  it.each<[string, (path: string) => string, boolean]>([
    ['is shown by its options', (path) => line(path, 'ro'), true],
    ['is shown by the options of its file system', (path) => line(path, 'rw', 'ro'), true],
    ['is not assumed for a writable mount', (path) => line(path, 'rw'), false],
    ['is not assumed below a writable mount', (path) => line('/', 'ro') + line(path, 'rw'), false],
    ['counts below others', (path) => line(path, 'ro') + line('/', 'rw'), true],
    ['is the later of two mounts at one point', (path) => line(path, 'rw') + line(path, 'ro'), true],
    ['is not a mount beside the file', (path) => line(`${path}2`, 'ro') + line(path.slice(0, -1), 'ro'), false],
    ['is not assumed without a list of mounts', () => '', false],
  ])('%s', (_what, mounts, expected) => {
    const path = folder();
    expect(isOnReadOnlyMount(path, mounts(path))).toBe(expected);
  });

  it('may have a space in its name', () => {
    const path = join(folder(), 'a b');
    mkdirSync(path);
    expect(isOnReadOnlyMount(path, line(path.replace(' ', '\\040'), 'ro'))).toBe(true);
  });
});
