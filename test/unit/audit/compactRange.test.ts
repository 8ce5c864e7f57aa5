import { expect, it } from 'vitest';
import { CompactRange } from '../../../src/audit/format/compactRange.ts';

const hash = Buffer.alloc(32, 7).toString('base64');

it('a line of `ranges` is read as it was written', () => {
  expect(CompactRange.parse(`5 ${hash} ${hash}`)?.toString()).toBe(`5 ${hash} ${hash}`);
});

it.each([
  ['no size', hash],
  ['a size of zero', '0'],
  ['a size with a leading zero', `01 ${hash}`],
  ['a size that would be rounded', `9007199254740993 ${hash} ${hash}`],
  ['a size without end', `${'9'.repeat(400)} ${hash}`],
  ['infinity', `Infinity ${hash}`],
  ['too few hashes', `5 ${hash}`],
  ['a hash in another spelling', `1 ${hash.replace('wc=', 'wd=')}`],
  ['a hash with another length', '1 AAAA'],
])('a line with %s is refused', (_what, line) => {
  expect(CompactRange.parse(line)).toBeUndefined();
});
