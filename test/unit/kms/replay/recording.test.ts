import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readRecording } from '../../../../src/kms/replay/recording.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

function read(text: string) {
  return readRecording(join(temporaryFolder({ 'calls.jsonl': text }), 'calls.jsonl'));
}

it('reads calls with their lines', () => {
  expect(
    read(
      '{"operation":"ListKeys","input":{},"output":{"Keys":[]}}\n\n{"operation":"ListKeys","input":{},"error":{"name":"X"}}\n',
    ),
  ).toEqual([
    { line: 1, operation: 'ListKeys', input: {}, output: { Keys: [] } },
    { line: 3, operation: 'ListKeys', input: {}, error: { name: 'X' } },
  ]);
});

it('reports every problem with its line, without the text of the line', () => {
  const text = [
    'secret',
    '{"operation":"Open","input":{},"output":{}}',
    '{"operation":"ListKeys","input":"secret","output":{}}',
    '{"operation":"ListKeys","input":{}}',
    '[]',
  ].join('\n');
  expect(() => read(text)).toThrow(
    [
      ' cannot be replayed:',
      '  line 1: must be an object',
      '  line 2: operation is not an operation of KMS',
      '  line 3: input must be an object',
      '  line 4: must have either output or error',
      '  line 5: must be an object',
    ].join('\n'),
  );
  expect(() => read('x\n'.repeat(30))).toThrow(/line 20: must be an object\n {2}and 10 more$/);
  expect(() => read('')).toThrow('it has no calls');
  expect(() => readRecording('/nowhere/calls.jsonl')).toThrow('/nowhere/calls.jsonl cannot be read: ENOENT');
});

it('refuses a file that is too large', () => {
  expect(() => read(' '.repeat(16 * 2 ** 20 + 1))).toThrow('is larger than 16 MiB. Split it.');
  expect(() => read('{"operation":"ListKeys","input":{},"output":{}}\n'.repeat(10_001))).toThrow(
    'it has 10001 calls: more than 10000',
  );
});

it('refuses anything but a regular file, because it may have no end', () => {
  expect(() => readRecording('/dev/zero')).toThrow('/dev/zero is not a regular file.');
});

it('refuses a file that is nested more deeply than any call', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  expect(() => read(`{"operation":"ListKeys","input":{"x":${deep}},"output":{}}`)).toThrow(
    'line 1: is nested too deeply',
  );
  expect(() => read(`{"operation":"ListKeys","input":{},"output":{"x":${deep}}}`)).toThrow('is nested too deeply');
});

it('does not reveal the names of other members', () => {
  const other = String.raw`"\u001b[2J":1`;
  const expected =
    / {2}line 1: (error )?can have only the members operation, input, and output or error \(name, message\)$/;
  expect(() => read(`{"operation":"ListKeys","input":{},"output":{},${other}}`)).toThrow(expected);
  expect(() => read(`{"operation":"ListKeys","input":{},"error":{"name":"X",${other}}}`)).toThrow(expected);
});
