import { hash } from 'node:crypto';

// The first byte of the metadata: what the others mean.
const FORMAT_KEY_VERSION = 1;
const VERSION_BYTES = 8;

/**
 * The ciphertextMetadata that names a version of an external key: a format byte, then the start of the SHA-256 of its label.
 * By label, and not by a number, versions can be retired from a configuration without renaming the others. 9 bytes of the 20
 * that are allowed. Spec, "Encrypt", ciphertextMetadata.
 */
export function keyVersionMetadata(label: string): Buffer {
  return Buffer.concat([Buffer.from([FORMAT_KEY_VERSION]), hash('sha256', label, 'buffer').subarray(0, VERSION_BYTES)]);
}
