import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { toJson } from '../../../src/kms/api/toJson.ts';
import { Secret } from '../../../src/secret.ts';

it.each([
  ['nothing', {}, '{}'],
  ['a blob', { Blob: Buffer.from([0xfb, 0xff]) }, '{"Blob":"+/8="}'],
  ['part of a larger array', { Blob: new Uint8Array([1, 2, 3, 4]).subarray(1, 3) }, '{"Blob":"AgM="}'],
  ['an empty blob', { Blob: Buffer.alloc(0) }, '{"Blob":""}'],
  ['a time', { Date: new Date(1_767_225_600_000) }, '{"Date":1767225600}'],
  ['a time with milliseconds', { Date: new Date(1_767_225_600_007) }, '{"Date":1767225600.007}'],
  ['undefined', { A: undefined, B: { C: undefined } }, '{"B":{}}'],
  [
    'lists of structures',
    { Keys: [{ KeyId: 'k', CreationDate: new Date(1), Tag: Buffer.from('a') }], Truncated: false },
    '{"Keys":[{"KeyId":"k","CreationDate":0.001,"Tag":"YQ=="}],"Truncated":false}',
  ],
  ['no secret values', { A: new Secret('secret'), B: createSecretKey(randomBytes(32)) }, '{"A":{},"B":{}}'],
])('writes %s', (_what, output, text) => {
  expect(toJson(output)).toBe(text);
});
