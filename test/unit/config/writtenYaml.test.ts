import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../../../src/config/problems/problem.ts';
import { changedConfig, loadWritten, problemsOf, validConfig } from '../../support/validConfig.ts';

const TEXT = stringify(validConfig());

function reportOf(written: unknown): string {
  try {
    loadWritten(written);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('a configuration file', () => {
  it.each<[string, string | Buffer]>([
    ['a byte order mark', `\uFEFF${TEXT}`],
    ['CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['letters of other languages', `# Schlüssel 鍵\n${TEXT}`],
  ])('may have %s', (_what, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each<[string, Buffer, string]>([
    ['UTF-16', Buffer.from(`\uFEFF${TEXT}`, 'utf16le'), ': the file is UTF-16 or not text; save it as UTF-8'],
    [
      'big-endian UTF-16',
      Buffer.from(`\uFEFF${TEXT}`, 'utf16le').swap16(),
      ': the file is UTF-16 or not text; save it as UTF-8',
    ],
    ['UTF-16 without a mark', Buffer.from(TEXT, 'utf16le'), ': the file is UTF-16 or not text; save it as UTF-8'],
    [
      'NUL bytes',
      Buffer.from(`${TEXT}# \0\n`),
      `: the file has a NUL byte in line ${TEXT.split('\n').length}; it must be text in UTF-8`,
    ],
    [
      'Latin-1',
      Buffer.from(`# 1\n# Schlüssel\n${TEXT}`, 'latin1'),
      ': the file is not UTF-8 in line 2; save it as UTF-8',
    ],
    [
      'a UTF-8 character that is cut off',
      Buffer.from('# é').subarray(0, -1),
      ': the file is not UTF-8 in line 1; save it as UTF-8',
    ],
  ])('cannot be %s, and is not quoted', (_what, bytes, problem) => {
    expect(problemsOf(bytes)).toEqual([problem]);
  });
});

describe('a problem has the line of', () => {
  it.each<[string, string, string]>([
    ['a value', 'server:\n  port: x\n', 'server.port (line 2): must be'],
    ['a value in a flow map', '{\nserver: {\nport: x } }', 'server.port (line 3): must be'],
    [
      'an entry',
      'keyStores:\n\n- name: a\n  keys:\n  - id: ok\n  - id: ".."\n',
      'keyStores[0].keys[1].id (line 6): must be',
    ],
    ['a value behind an alias', 'monitoring: &m\n  port: x\nserver: *m\n', 'server.port (line 2): must be'],
    ['the map that lacks a key', '# 1\nserver: {}\n', 'server.regions (line 2): is missing'],
    ['a line with CRLF before it', '# 1\r\n# 2\r\nserver: 5\r\n', 'server (line 3): must be a map'],
    [
      'a reference between parts',
      '\nkeyStores:\n- keyManagers:\n  - gone\n',
      'keyStores[0].keyManagers[0] (line 4): names no',
    ],
    ['a key that is there twice', 'log: {}\nserver: {}\nlog: {}', 'line 3: Map keys must be unique'],
    ['lists without end', `a: ${'['.repeat(10_000)}`, 'line 1: is nested too deeply'],
    ['a second document', 'server: {}\n---\nserver: {}', 'line 2: begins a second YAML document'],
    ['an alias without an anchor', '\nserver: *a', 'line 2: Unresolved alias'],
  ])('%s', (_what, text, start) => {
    expect(reportOf(text)).toContain(`\n  ${start}`);
  });

  it('nothing, if the file has no such key', () => {
    expect(reportOf('server: {}')).toContain('\n  keyManagers: is missing; it must be a list\n');
  });
});

describe('an unknown key', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'is reported with line, column and the known key',
      { healtKey: 'x' },
      /pkcs11 \(line 15, column 7\): has an unknown key "healtKey"; did you mean healthKey\?/,
    ],
    ['with letters swapped', { sesions: 8 }, /"sesions"; did you mean sessions\?/],
    ['in other case', { timeoutms: 8 }, /"timeoutms"; did you mean timeoutMs\?/],
    [
      'that is like no other has no name near a secret',
      { colour: 8 },
      /pkcs11 \(line 15, column 7\): has an unknown key$/m,
    ],
  ])('%s', (_what, keys, pattern) => {
    const report = reportOf(changedConfig(({ keyManagers: [manager] }) => Object.assign(manager?.pkcs11 ?? {}, keys)));
    expect(report).toMatch(pattern);
  });

  it('is reported on its own, beside other problems', () => {
    expect(reportOf('servr: {}\ncolour: red\n')).toMatch(
      /line 1, column 1: has an unknown key "servr"; did you mean server\?\n {2}line 2, column 1: has an unknown key "colour"$/m,
    );
  });
});
