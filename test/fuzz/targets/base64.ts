import assert from 'node:assert/strict';
import { decodeBase64, encodeBase64 } from '../../../src/xks/base64.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

// RFC 4648 section 4, with padding bits of zero.
const STRICT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/** Base64 of a field: the grammar, Node's decoder and its encoder agree on what is accepted. */
export const target: FuzzTarget = {
  maxBytes: 65_536,
  seeds: ['', 'AA==', 'AAA=', 'AAAA', 'SGVsbG8gV29ybGQh', 'AB==', 'A-_A', 'AA', 'AAAA\n'],
  words: ['=', '==', '+', '/', '-', '_', '\n', '\0'],
  check: (input) => {
    const text = input.toString();
    const bytes = decodeBase64(text);
    assert.equal(bytes !== undefined, STRICT.test(text));
    assert.deepEqual(decodeBase64(encodeBase64(input)), input);
    if (!bytes) return;
    assert.equal(encodeBase64(bytes), text);
    assert.deepEqual(bytes, Buffer.from(text, 'base64url'));
  },
};
