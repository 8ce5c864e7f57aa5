import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporaryFolder.ts';

const SCRIPT = join(import.meta.dirname, '../proxy/fetch-secrets.sh');
const hasJq = spawnSync('jq', ['--version']).status === 0;

describe.skipIf(!hasJq)(`the secrets of an instance${hasJq ? '' : ' (skipped: no jq)'}`, () => {
  let folder: string;
  let secrets: string;

  beforeEach(() => {
    folder = temporaryFolder();
    // A stand-in for Secrets Manager, with a file for each ARN.
    secrets = temporaryFolder({
      aws: '#!/bin/sh\nwhile [ "$1" != --secret-id ]; do shift; done\ncat "$(dirname "$0")/$2"\n',
    });
    chmodSync(join(secrets, 'aws'), 0o700);
    give('one', { PIN: 'p"i\\n $HOME', KEY: '-----BEGIN\nof several\n' });
    give('tls', { certificate: 'chain\n', privateKey: 'key\n' });
  });

  const give = (arn: string, map: unknown) => {
    writeFileSync(join(secrets, arn), JSON.stringify(map));
  };
  const fetchSecrets = (...names: readonly string[]) =>
    spawnSync('sh', [SCRIPT, folder, 'one', 'tls', 'server.crt', 'server.key', ...names], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${secrets}:${String(process.env['PATH'])}` },
    });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  it('become files with exactly their text, which only owner and group can read', () => {
    expect(fetchSecrets('PIN', 'KEY')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(['PIN', 'KEY', 'server.crt', 'server.key'].map(read)).toEqual([
      'p"i\\n $HOME',
      '-----BEGIN\nof several\n',
      'chain\n',
      'key\n',
    ]);
    expect(readdirSync(folder).sort()).toEqual(['KEY', 'PIN', 'server.crt', 'server.key']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o640);
  });

  it('keep their file while their text stays the same, and get a new file when it changes', () => {
    fetchSecrets('PIN');
    const inode = (name: string) => statSync(join(folder, name)).ino;
    const before = [inode('PIN'), inode('server.key')];
    give('tls', { certificate: 'chain\n', privateKey: 'new key\n' });
    expect(fetchSecrets('PIN').status).toBe(0);
    expect(inode('PIN')).toBe(before[0]);
    expect(inode('server.key')).not.toBe(before[1]);
    expect(read('server.key')).toBe('new key\n');
  });

  it.each([
    [
      'a key is missing',
      () => {
        give('one', { OTHER: 'x' });
      },
      'one must be a JSON map with a string under the key PIN',
    ],
    [
      'a value is not text',
      () => {
        give('one', { PIN: 1234 });
      },
      'one must be a JSON map with a string under the key PIN',
    ],
    [
      'the secret is not a map',
      () => {
        give('tls', 'PEM');
      },
      'tls must be a JSON map with a string under the key certificate',
    ],
  ])('all stay unchanged if %s', (_, spoil, message) => {
    fetchSecrets('PIN');
    give('tls', { certificate: 'another chain\n', privateKey: 'key\n' });
    spoil();
    const { status, stderr } = fetchSecrets('PIN');
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
    expect(read('PIN')).toBe('p"i\\n $HOME');
    expect(read('server.crt')).toBe('chain\n');
    expect(readdirSync(folder).sort()).toEqual(['PIN', 'server.crt', 'server.key']);
  });

  it('all stay unchanged if Secrets Manager refuses', () => {
    fetchSecrets('PIN');
    writeFileSync(join(secrets, 'aws'), '#!/bin/sh\necho AccessDeniedException >&2\nexit 254\n');
    expect(fetchSecrets('PIN')).toMatchObject({ status: 254, stderr: 'AccessDeniedException\n' });
    expect(read('PIN')).toBe('p"i\\n $HOME');
  });
});
