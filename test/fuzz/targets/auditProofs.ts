import assert from 'node:assert/strict';
import { CompactRange, leafHash } from '../../../src/audit/format/compactRange.ts';
import { rootOfProof } from '../../../src/audit/format/inclusionProof.ts';
import { formatTlogProof, parseTlogProof } from '../../../src/audit/format/tlogProof.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const hash = Buffer.alloc(32, 7);
const proof = {
  record: Buffer.from('{"index":3}'),
  index: 3,
  hashes: [hash, hash],
  checkpoint: 'origin\n5\nroot\n\n- a\n',
};

/** The proof of a record, and a line of the file `ranges`. Each accepted text is the only spelling of its value. */
export const target: FuzzTarget = {
  maxBytes: 16_384,
  seeds: [
    formatTlogProof(proof),
    formatTlogProof({ ...proof, record: undefined, hashes: [] }),
    `1 ${hash.toString('base64')}`,
    `5 ${hash.toString('base64')} ${hash.toString('base64')}`,
    // Found by fuzzing: the subtrees were counted in an endless loop.
    '9'.repeat(400),
  ],
  words: [
    'c2sp.org/tlog-proof@v1\n',
    'extra ',
    'index ',
    `${hash.toString('base64')}\n`,
    '9007199254740993',
    '1e999',
    'Infinity',
  ],
  check: (input) => {
    const text = input.toString();
    const parsed = parseTlogProof(text);
    if (parsed) {
      assert.equal(formatTlogProof(parsed), text);
      rootOfProof(leafHash(parsed.record ?? Buffer.alloc(0)), parsed.index, parsed.index + 1, parsed.hashes);
    }
    const range = CompactRange.parse(text);
    if (range) assert.equal(range.toString(), text);
  },
};
