import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { readCiphertextBlob, writeCiphertextBlob } from '../../../src/kms/cryptography/ciphertextBlob.ts';
import { INNER_LAYER_BYTES, openInnerLayer, sealInnerLayer } from '../../../src/kms/cryptography/innerLayer.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { idOfMarker, markerOf } from '../../../src/kms/operations/paginate.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
const key = { keyId, keyMaterial: createSecretKey(Buffer.alloc(32, 1)) };
const context = Buffer.from('context');
const inner = sealInnerLayer(key, Buffer.from('Hello World!'), context);

/** A CiphertextBlob of the local KMS, and a marker of its lists. */
export const target: FuzzTarget = {
  maxBytes: 6_144,
  seeds: [
    ...[12, 16].map((ivBytes) =>
      writeCiphertextBlob({
        keyId,
        sealed: {
          initializationVector: Buffer.alloc(ivBytes, 1),
          authenticationTag: Buffer.alloc(16, 2),
          ciphertextMetadata: Buffer.alloc(ivBytes - 12, 3),
          ciphertext: inner,
        },
      }),
    ),
    markerOf(keyId),
    Buffer.concat([Buffer.of(0), inner]),
  ],
  check: (input) => {
    const blob = unlessRefused(KmsError, () => readCiphertextBlob(input));
    if (blob) assert.deepEqual(writeCiphertextBlob(blob), input);
    // Only sealed bytes can be opened.
    assert.throws(() => openInnerLayer(key, input.subarray(0, INNER_LAYER_BYTES - 1), context));
    assert.throws(() => openInnerLayer(key, input, Buffer.from('other')));
    const marker = input.toString();
    const id = idOfMarker(marker);
    if (id !== undefined) assert.equal(markerOf(id), marker);
  },
};
