import assert from 'node:assert/strict';
import { versionOf, type ExternalKey, type KeyVersion } from '../../../src/operations/externalKey.ts';
import { frameAad } from '../../../src/xks/aad.ts';
import { keyVersionMetadata } from '../../../src/xks/ciphertextMetadata.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const oldest: KeyVersion = { label: 'foo-1', ciphertextMetadata: Buffer.alloc(0) };
const byLabel: KeyVersion = { label: 'foo-2', ciphertextMetadata: keyVersionMetadata({ label: 'foo-2' }) };
const byId: KeyVersion = { ckaId: 'ab', ciphertextMetadata: keyVersionMetadata({ ckaId: 'ab' }) };
const key: ExternalKey = { id: 'foo', versions: [oldest, byLabel, byId], status: 'enabled' };

/**
 * Length of the ciphertextMetadata, the metadata, and the AAD. The metadata selects the version of a key, and is bound
 * into its AAD.
 */
export const target: FuzzTarget = {
  maxBytes: 1 + 20 + 8_192,
  seeds: [
    '\0',
    ...[byLabel, byId].map(({ ciphertextMetadata }) =>
      Buffer.concat([Buffer.of(9), ciphertextMetadata, Buffer.from('aad')]),
    ),
  ],
  check: (input) => {
    const end = 1 + (input[0] ?? 0);
    const metadata = input.subarray(1, end);
    const aad = input.subarray(end);

    const version = versionOf(key, metadata);
    assert.ok(version === oldest || version.ciphertextMetadata.equals(metadata));

    const framed = frameAad(aad, metadata);
    const aadEnd = 2 + framed.readUInt16BE(0);
    assert.deepEqual(framed.subarray(2, aadEnd), aad);
    assert.equal(framed[aadEnd], metadata.length);
    assert.deepEqual(framed.subarray(aadEnd + 1), metadata);
  },
};
