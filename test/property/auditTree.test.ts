import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange, leafHash } from '../../src/audit/format/compactRange.ts';
import { InclusionProver, rootOfProof } from '../../src/audit/format/inclusionProof.ts';
import { auditPath, merkleTreeHash } from '../support/merkleTree.ts';

const records = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { minLength: 1, maxLength: 200 });
const recordsAndCut = records.chain((all) => fc.record({ all: fc.constant(all), cut: fc.nat(all.length - 1) }));

function rangeOf(all: readonly string[]): CompactRange {
  const range = new CompactRange();
  for (const record of all) range.append(leafHash(record));
  return range;
}

describe('CompactRange', () => {
  it('has the root that RFC 6962 defines', () => {
    fc.assert(
      fc.property(records, (all) => rangeOf(all).root().equals(merkleTreeHash(all))),
      { numRuns: 300 },
    );
    expect(new CompactRange().root()).toEqual(merkleTreeHash([]));
  });

  it('continues from its line', () => {
    fc.assert(
      fc.property(recordsAndCut, ({ all, cut }) => {
        const range = cut === 0 ? new CompactRange() : CompactRange.parse(rangeOf(all.slice(0, cut)).toString());
        for (const record of all.slice(cut)) range?.append(leafHash(record));
        return range?.size === all.length && range.root().equals(merkleTreeHash(all));
      }),
      { numRuns: 300 },
    );
  });

  it('parses only lines that it writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          recordsAndCut.map(({ all, cut }) => spoilt(rangeOf(all).toString(), cut)),
        ),
        (line) => {
          return [undefined, line].includes(CompactRange.parse(line)?.toString());
        },
      ),
    );
  });
});

describe('InclusionProver', () => {
  it('makes the audit path that RFC 6962 defines, from any point before the record', () => {
    fc.assert(
      fc.property(recordsAndCut, fc.nat(), ({ all, cut }, any) => {
        const index = cut + (any % (all.length - cut));
        const prover = new InclusionProver(index, all.length);
        prover.begin(rangeOf(all.slice(0, cut)));
        for (const record of all.slice(cut)) prover.append(leafHash(record));
        const leaf = leafHash(all[index] ?? '');
        expect(prover.proof()).toEqual(auditPath(index, all));
        expect(rootOfProof(leaf, index, all.length, prover.proof())).toEqual(merkleTreeHash(all));
      }),
      { numRuns: 300 },
    );
  });
});

function spoilt(line: string, at: number): string {
  return line.slice(0, at % line.length) + line.slice((at % line.length) + 1);
}
