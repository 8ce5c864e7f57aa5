import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { editConfig, type ConfigEdit } from '../../../src/config/editConfig.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { CONFIG_SECRET } from '../../support/validConfig.ts';

const CREDENTIAL = { accessKeyId: 'MUBSXM6K3KMXHN6RRCXI7TWQH4', secretAccessKey: { env: 'SECRET' } };

const CONFIG = `# kept
server: { regions: [us-east-1], insecureHttp: true } # kept too
keyManagers:
  - { name: softhsm, pkcs11: { module: module.so, token: { label: t }, pin: { env: PIN } } }
keyStores:
  - { name: one, uriPathPrefix: /one, keyManagers: [softhsm], keys: &shared [{ id: foo }] }
  - { name: two, uriPathPrefix: /two, keyManagers: [softhsm], keys: *shared }
`;

function folderWith(config = CONFIG): { folder: string; file: string } {
  const folder = temporaryFolder({ 'config.yaml': config, 'module.so': '' });
  return { folder, file: join(folder, 'config.yaml') };
}

function edit(file: string, change: ConfigEdit): void {
  editConfig(file, { PIN: '1', SECRET: CONFIG_SECRET }, change);
}

const addKey: ConfigEdit = {
  edit: (yaml) => {
    yaml.addToList(['keyStores', 0, 'credentials'], CREDENTIAL);
  },
};

describe('editConfig', () => {
  it('keeps comments, mode, and the link to the file', () => {
    const { folder, file } = folderWith();
    chmodSync(file, 0o640);
    symlinkSync('config.yaml', join(folder, 'link.yaml'));
    edit(join(folder, 'link.yaml'), addKey);
    expect(readFileSync(file, 'utf8')).toMatch(/^# kept\n.*# kept too\n/);
    expect(readFileSync(file, 'utf8')).toContain('credentials: [{ accessKeyId: MUBSX');
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(['config.yaml', 'link.yaml', 'module.so']);
  });

  it('keeps the mode under a strict umask, so that the group of a service can still read the file', () => {
    const { file } = folderWith();
    chmodSync(file, 0o640);
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    edit(file, addKey);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it.each([
    ['its owner', 0o600, 0o600],
    ['its owner and group', 0o640, 0o640],
    ['its group, which may also write it', 0o660, 0o640],
    ['everyone', 0o644, 0o600],
    ['everyone but its group', 0o604, 0o600],
  ])('beside a configuration for %s, a new secret is for nobody else', (_who, mode, expected) => {
    const { folder, file } = folderWith();
    chmodSync(file, mode);
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    edit(file, { ...addKey, newSecrets: { secret: 's' } });
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('s\n');
    expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(expected);
  });

  it.each<[string, ConfigEdit, RegExp]>([
    [
      'the result would be invalid',
      {
        newSecrets: { secret: 's' },
        edit: (yaml) => {
          yaml.set(['colour'], 'red');
        },
      },
      /line 8, column 1: has an unknown key "colour"/,
    ],
    [
      'a list is an alias of another',
      {
        edit: (yaml) => {
          yaml.addToList(['keyStores', 1, 'keys'], { id: 'bar' });
        },
      },
      /keyStores\[1\]\.keys is an alias; change it by hand/,
    ],
    [
      'a list has an alias elsewhere',
      {
        edit: (yaml) => {
          yaml.addToList(['keyStores', 0, 'keys'], { id: 'bar' });
        },
      },
      /keyStores\[0\]\.keys cannot be changed without changing other parts of the file; change it by hand/,
    ],
  ])('changes nothing when %s', (_why, change, message) => {
    const { folder, file } = folderWith();
    expect(() => {
      edit(file, change);
    }).toThrow(message);
    expect(readFileSync(file, 'utf8')).toBe(CONFIG);
    expect(readdirSync(folder).sort()).toEqual(['config.yaml', 'module.so']);
  });

  it('fails at once, and follows no link, while another change is under way', () => {
    const { folder, file } = folderWith();
    writeFileSync(join(folder, 'victim'), 'untouched');
    symlinkSync('victim', `${file}.new`);
    expect(() => {
      edit(file, addKey);
    }).toThrow(/config\.yaml\.new already exists: another command/);
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('untouched');
    expect(existsSync(`${file}.new`)).toBe(true);
  });

  it('reports a missing file', () => {
    expect(() => {
      edit('/nowhere/config.yaml', addKey);
    }).toThrow(/ENOENT/);
  });
});
