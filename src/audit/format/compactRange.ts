import { decodeBase64 } from '../../xks/base64.ts';
import { parseIndex } from './parseIndex.ts';
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
 * The minimum of a Merkle tree (RFC 6962) that must be kept for it to grow: the roots of its perfect subtrees, largest first. A
 * tree of n leaves has one such subtree for each bit that is set in n.
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
   * Appends a perfect subtree by its root. `leaves` is a power of two that divides the size of the tree. The hashes of another
   * compact range, in their order, meet this condition.
   */
  appendSubtree(root: Buffer, leaves: number): void {
    let merged = root;
    // Each preceding subtree of the same size merges with it to a larger one. No bit operators, since sizes may exceed 32 bits.
    for (let width = leaves; Math.floor(this.#size / width) % 2 === 1; width *= 2) {
      merged = nodeHash(this.#hashes.pop() ?? merged, merged);
    }
    this.#hashes.push(merged);
    this.#size += leaves;
  }

  /** The Merkle Tree Hash of all leaves. Without leaves, it is SHA-256 of nothing. */
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

  /** Formats one line of a file `ranges`, without its LF: the size, then the hashes in standard base64, separated by blanks. */
  toString(): string {
    return [this.#size, ...this.#hashes.map((root) => root.toString('base64'))].join(' ');
  }

  /** Parses the format of toString. Undefined if the line has another form. */
  static parse(line: string): CompactRange | undefined {
    const [size = '', ...hashes] = line.split(' ');
    const range = new CompactRange();
    const sizes = powersOf(parseIndex(size) ?? 0);
    if (sizes.length === 0 || hashes.length !== sizes.length) return undefined;
    for (const [index, text] of hashes.entries()) {
      const root = decodeBase64(text);
      if (root?.length !== HASH_BYTES) return undefined;
      range.appendSubtree(root, sizes[index] ?? NaN);
    }
    return range;
  }
}

/** Splits a number into the powers of two that add up to it, largest first. */
function powersOf(size: number): number[] {
  const powers: number[] = [];
  for (let rest = size, power = 1; rest >= 1; rest = Math.floor(rest / 2), power *= 2) {
    if (rest % 2 === 1) powers.unshift(power);
  }
  return powers;
}
