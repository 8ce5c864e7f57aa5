import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../../src/kms/replay/compareAnswers.ts';
import { Correspondence } from '../../../../src/kms/replay/correspondence.ts';

const RECORDED = '1234abcd-12ab-34cd-56ef-1234567890ab';
const LOCAL = '0987dcba-09fe-87dc-65ba-ab0987654321';

function compare(recorded: unknown, local: unknown, pairs = new Correspondence()) {
  return compareAnswers(recorded, local, pairs, 'output');
}

describe('compareAnswers', () => {
  it('pairs ids when they first appear, and compares later answers with these pairs', () => {
    const pairs = new Correspondence();
    expect(compare({ KeyMetadata: { KeyId: RECORDED } }, { KeyMetadata: { KeyId: LOCAL } }, pairs)).toEqual([]);
    expect(pairs.toLocalInput({ KeyId: `key/${RECORDED}` })).toEqual({ KeyId: `key/${LOCAL}` });
    expect(compare({ KeyId: RECORDED }, { KeyId: 'another' }, pairs)).toEqual([
      { path: 'output.KeyId', recorded: LOCAL, local: 'another' },
    ]);
  });

  it('compares a text that the caller has sent with itself', () => {
    const pairs = new Correspondence();
    pairs.toLocalInput({ Plaintext: 'SGVsbG8=' });
    expect(compare({ Plaintext: 'SGVsbG8=' }, { Plaintext: 'V29ybGQ=' }, pairs)).toHaveLength(1);
  });

  it('accepts any date, but requires one', () => {
    expect(compare({ CreationDate: 1.5 }, { CreationDate: '2026-11-27T12:00:00Z' })).toEqual([]);
    expect(compare({ CreationDate: 1.5 }, {})).toEqual([
      { path: 'output.CreationDate', recorded: 1.5, local: undefined },
    ]);
  });

  it('names each member that differs, is missing, or is unexpected', () => {
    expect(compare({ A: { B: 1, C: 2 } }, { A: { B: 2, D: 3 } })).toEqual([
      { path: 'output.A.B', recorded: 1, local: 2 },
      { path: 'output.A.C', recorded: 2, local: undefined },
      { path: 'output.A.D', recorded: undefined, local: 3 },
    ]);
  });

  it('compares lists in any order', () => {
    expect(compare({ Tags: [{ TagKey: 'a' }, { TagKey: 'b' }] }, { Tags: [{ TagKey: 'b' }, { TagKey: 'a' }] })).toEqual(
      [],
    );
    expect(compare({ Tags: ['a', 'b'] }, { Tags: ['c', 'b', 'd'] })).toEqual([
      { path: 'output.Tags.0', recorded: 'a', local: 'c' },
      { path: 'output.Tags.2', recorded: undefined, local: 'd' },
    ]);
    expect(compare({ Tags: [] }, { Tags: {} })).toHaveLength(1);
  });
});
