import { CompactRange, nodeHash } from './compactRange.ts';

/** Records `from` to `to - 1`: the subtree beside the path from a record to the root. */
interface Sibling {
  readonly from: number;
  readonly to: number;
}

/**
 * The siblings along the path of record `index` in the tree of `size` records. The leaf's sibling is first (RFC 6962, section
 * 2.1.1).
 */
function siblingsOf(index: number, size: number): Sibling[] {
  const siblings: Sibling[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const split = from + largestPowerBelow(to - from);
    if (index < split) {
      siblings.unshift({ from: split, to });
      to = split;
    } else {
      siblings.unshift({ from, to: split });
      from = split;
    }
  }
  return siblings;
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (2 * power < size) power *= 2;
  return power;
}

/**
 * Computes the root of the tree of `size` records from the inclusion proof and the leaf hash of record `index`. Undefined if the
 * length of the proof is wrong.
 */
export function rootOfProof(leaf: Buffer, index: number, size: number, proof: readonly Buffer[]): Buffer | undefined {
  const siblings = siblingsOf(index, size);
  if (index >= size || siblings.length !== proof.length) return undefined;
  let root = leaf;
  for (const [level, { from }] of siblings.entries()) {
    const sibling = proof[level] ?? root;
    root = from < index ? nodeHash(sibling, root) : nodeHash(root, sibling);
  }
  return root;
}

/** Builds the inclusion proof of one record while the leaf hashes of the log pass, in memory of O(log n). */
export class InclusionProver {
  readonly #index: number;
  /** The siblings, the leaf's first. */
  readonly #siblings: readonly (Sibling & { readonly range: CompactRange })[];
  /** The siblings in the order of the log. */
  readonly #inOrder;
  /** Index in `#inOrder` of the sibling that grows now. */
  #current = 0;
  #next = 0;

  /** `index` must be less than `size`. */
  constructor(index: number, size: number) {
    this.#index = index;
    this.#siblings = siblingsOf(index, size).map((sibling) => ({ ...sibling, range: new CompactRange() }));
    this.#inOrder = this.#siblings.toSorted((one, other) => one.from - other.from);
  }

  /** Starts after the first records, at most `index` of them. Each of their subtrees is part of one sibling. */
  begin(records: CompactRange): void {
    for (const { root, leaves } of records.subtrees()) this.#append(root, leaves);
  }

  /** Appends the leaf hash of the next record, up to the size of the tree. */
  append(leaf: Buffer): void {
    if (this.#next === this.#index) this.#next += 1;
    else this.#append(leaf, 1);
  }

  /** Returns the proof, the leaf's sibling first. */
  proof(): Buffer[] {
    return this.#siblings.map(({ range }) => range.root());
  }

  #append(root: Buffer, leaves: number): void {
    while ((this.#inOrder[this.#current]?.to ?? Infinity) <= this.#next) this.#current += 1;
    this.#inOrder[this.#current]?.range.appendSubtree(root, leaves);
    this.#next += leaves;
  }
}
