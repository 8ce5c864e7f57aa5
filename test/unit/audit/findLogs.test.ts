import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLogs, nameOf, NoLogFound } from '../../../src/audit/format/findLogs.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const VKEY = 'xks.example.com/proxy-1/main+01020304+AQ==\n';

function folderWith(names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names) mkdirSync(join(folder, name));
  return folder;
}

describe('findLogs', () => {
  it('finds the logs of all slots, and those that were set aside, in order', () => {
    const folder = folderWith([
      'w10',
      'w2',
      'main',
      'main.20261126T190000000Z.sealed',
      'main.20261125T190000000Z.closed',
      'cli',
      'other',
      'main.bak',
    ]);
    writeFileSync(join(folder, 'w1'), 'a file');
    expect(findLogs(folder).map(({ path, state }) => [basename(path), state])).toEqual([
      ['main.20261125T190000000Z.closed', 'closed'],
      ['main.20261126T190000000Z.sealed', 'sealed'],
      ['main', 'open'],
      ['w2', 'open'],
      ['w10', 'open'],
      ['cli', 'open'],
    ]);
  });

  it.each([
    ['its verifier key', 'vkey'],
    ['a segment', '00000000000000000000.ndjson'],
  ])('recognises a folder with %s as a log', (_what, name) => {
    const folder = temporaryFolder({ [name]: VKEY });
    mkdirSync(join(folder, 'main'));
    expect(findLogs(folder)).toEqual([{ path: folder, state: 'open' }]);
  });

  it('refuses a folder without logs', () => {
    const folder = folderWith(['other']);
    expect(() => findLogs(folder)).toThrow(NoLogFound);
    expect(() => findLogs(folder)).toThrow(`there is no audit log in ${folder}`);
  });
});

describe('nameOf', () => {
  it('is the name of the verifier key; a log that was set aside also has the time', () => {
    const folder = folderWith(['main', 'main.20261126T190000000Z.sealed', 'w1']);
    for (const name of ['main', 'main.20261126T190000000Z.sealed']) writeFileSync(join(folder, name, 'vkey'), VKEY);
    expect(findLogs(folder).map(nameOf)).toEqual([
      'xks.example.com/proxy-1/main.20261126T190000000Z.sealed',
      'xks.example.com/proxy-1/main',
      'w1',
    ]);
  });
});
