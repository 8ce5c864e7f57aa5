import { describe, expect, it } from 'vitest';
import { BlockList, describeBlockChanges } from '../../../src/blocks/blockList.ts';

const key = { keyStore: 'example', externalKeyId: 'foo' };
const store = { keyStore: 'example' };

describe('BlockList', () => {
  it('distinguishes a blocked key from a blocked key store', () => {
    const ofKey = BlockList.EMPTY.with(key);
    expect([ofKey.has(key), ofKey.has(store), ofKey.has({ ...key, externalKeyId: 'bar' })]).toEqual([
      true,
      false,
      false,
    ]);
    const ofStore = BlockList.EMPTY.with(store);
    expect([ofStore.has(store), ofStore.has(key), ofStore.has({ keyStore: 'other' })]).toEqual([true, false, false]);
  });

  it('is unchanged by a block that it has, or by the removal of one that it does not have', () => {
    const list = BlockList.EMPTY.with({ ...key, since: '2026-01-02T03:04:05Z', by: 'root' });
    expect(list.with(key)).toBe(list);
    expect(list.without(store)).toBe(list);
    expect(list.without(key).blocks).toEqual([]);
  });

  it('can be read back', () => {
    const list = BlockList.EMPTY.with({ ...key, since: '2026-01-02T03:04:05Z', by: 'root' }).with(store);
    expect(BlockList.parse(list.format()).blocks).toEqual(list.blocks);
  });

  it('can be read after a byte order mark', () => {
    expect(BlockList.parse(`\uFEFF${BlockList.EMPTY.with(key).format()}`).has(key)).toBe(true);
  });

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['{"blocked": [', 'is not JSON'],
    ['[]', 'is not a block list'],
    ['{}', 'is not a block list'],
    ['{"blocked": [{"key": "foo"}]}', 'is not a block list'],
    ['{"blocked": [{"keyStore": "example", "externalKeyID": "foo"}]}', 'is not a block list'],
    ['{"blocked": [{"keyStore": "example", "externalKeyId": null}]}', 'is not a block list'],
    ['{"blocked": [], "blocked ": []}', 'is not a block list'],
    ['{"blocked": [{"keyStore": "example"}], "blocked": []}', 'has a field twice'],
    ['{"blocked": [{"keyStore": ""}]}', 'must be 1 to 256 printable characters'],
    ['{"blocked": [{"keyStore": "example", "by": "\\u001b[31m"}]}', 'must be 1 to 256 printable characters'],
  ])('%j %s', (json, problem) => {
    expect(() => BlockList.parse(json)).toThrow(
      expect.objectContaining({ name: 'BlockListProblem', message: expect.stringContaining(problem) as string }),
    );
  });

  it('describes what a change blocks and unblocks', () => {
    expect(describeBlockChanges(BlockList.EMPTY.with(key), BlockList.EMPTY.with(store))).toEqual([
      'key store example: blocked',
      'key foo of key store example: unblocked',
    ]);
  });
});
