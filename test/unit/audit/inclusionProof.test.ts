import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../src/audit/format/compactRange.ts';
import { InclusionProver, rootOfProof } from '../../../src/audit/format/inclusionProof.ts';
import { merkleTreeHash, rootOfPath } from '../../support/merkleTree.ts';

const records = Array.from({ length: 70 }, (_, index) => `record ${index}`);

function prove(index: number, size: number): Buffer[] {
  const prover = new InclusionProver(index, size);
  for (const record of records.slice(0, size)) prover.append(leafHash(record));
  return prover.proof();
}

describe('an inclusion proof', () => {
  it('of each record in trees of 1 to 70 records is valid by RFC 9162', () => {
    for (let size = 1; size <= records.length; size += 1) {
      const root = merkleTreeHash(records.slice(0, size));
      for (let index = 0; index < size; index += 1) {
        const leaf = leafHash(`record ${index}`);
        const proof = prove(index, size);
        expect(rootOfPath(leaf, index, size, proof)).toEqual(root);
        expect(rootOfProof(leaf, index, size, proof)).toEqual(root);
      }
    }
  });

  it('is not valid for another record, index, size or length', () => {
    const proof = prove(5, 11);
    const root = merkleTreeHash(records.slice(0, 11));
    const leaf = leafHash('record 5');
    expect(rootOfProof(leaf, 5, 11, proof)).toEqual(root);
    expect(rootOfProof(leafHash('record 6'), 5, 11, proof)).not.toEqual(root);
    expect(rootOfProof(leaf, 4, 11, proof)).not.toEqual(root);
    expect(rootOfProof(leaf, 5, 6, proof)).toBeUndefined();
    expect(rootOfProof(leaf, 5, 11, proof.slice(1))).toBeUndefined();
    expect(rootOfProof(leaf, 11, 11, proof)).toBeUndefined();
  });
});
