import { sha256 } from './sha256.ts';

/** Bytes of a SHA-256 hash. */
const HASH_BYTES = 32;

/** Hash of a leaf, RFC 6962 section 2.1: SHA-256(0x00 || record). `record` is a line of a log without its LF. */
export function leafHash(record: string | Buffer): Buffer {
  return sha256(typeof record === 'string' ? `\0${record}` : Buffer.concat([Buffer.of(0), record]));
}

// RFC 6962, section 2.1: 0x01 before the hashes of the two children.
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** Hash of the parent of two nodes, RFC 6962 section 2.1: SHA-256(0x01 || left || right). */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 1 + HASH_BYTES);
  return sha256(node);
}

/**
 * The least that must be kept of a Merkle tree (RFC 6962) so that it can grow: the roots of the perfect subtrees that it
 * consists of, largest first. A tree of n leaves has one for each bit of n that is set.
 */
export class CompactRange {
  readonly #hashes: Buffer[] = [];
  #size = 0;

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  append(leaf: Buffer): void {
    this.appendSubtree(leaf, 1);
  }

  /**
   * Appends a perfect subtree by its root. `leaves` is a power of two that divides the size of the tree, as it does for the
   * hashes of another compact range in their order.
   */
  appendSubtree(root: Buffer, leaves: number): void {
    let merged = root;
    // Each subtree of the same size that stands before it makes a larger one with it. No bit operators: sizes pass 32 bits.
    for (let width = leaves; Math.floor(this.#size / width) % 2 === 1; width *= 2) {
      merged = nodeHash(this.#hashes.pop() ?? merged, merged);
    }
    this.#hashes.push(merged);
    this.#size += leaves;
  }

  /** The Merkle Tree Hash of all leaves; of no leaf, SHA-256 of nothing. */
  root(): Buffer {
    const smallestFirst = this.#hashes.toReversed();
    const [first, ...others] = smallestFirst;
    if (!first) return sha256('');
    return others.reduce((right, left) => nodeHash(left, right), first);
  }

  /** Roots and sizes of the perfect subtrees, largest first. */
  subtrees(): { readonly root: Buffer; readonly leaves: number }[] {
    const sizes = powersOf(this.#size);
    return this.#hashes.map((root, index) => ({ root, leaves: sizes[index] ?? NaN }));
  }

  /** One line of a file `ranges`, without its LF: the size, then the hashes in standard base64, separated by blanks. */
  toString(): string {
    return [this.#size, ...this.#hashes.map((root) => root.toString('base64'))].join(' ');
  }

  /** Reads what toString makes; undefined if the line has another form. */
  static parse(line: string): CompactRange | undefined {
    const [size = '', ...hashes] = line.split(' ');
    const range = new CompactRange();
    const sizes = powersOf(Number(size));
    if (!/^[1-9]\d{0,15}$/.test(size) || hashes.length !== sizes.length) return undefined;
    for (const [index, text] of hashes.entries()) {
      const root = Buffer.from(text, 'base64');
      if (root.length !== HASH_BYTES || root.toString('base64') !== text) return undefined;
      range.appendSubtree(root, sizes[index] ?? NaN);
    }
    return range;
  }
}

/** The powers of two that a number is the sum of, largest first. */
function powersOf(size: number): number[] {
  const powers: number[] = [];
  for (let rest = size, power = 1; rest >= 1; rest = Math.floor(rest / 2), power *= 2) {
    if (rest % 2 === 1) powers.unshift(power);
  }
  return powers;
}
