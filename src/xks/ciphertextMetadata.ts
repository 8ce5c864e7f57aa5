import { hash } from 'node:crypto';

// The first byte of the metadata: what the others are the start of the SHA-256 of.
const FORMAT_LABEL = 1;
const FORMAT_CKA_ID = 2;
const VERSION_BYTES = 8;

/**
 * The ciphertextMetadata that names a version of an external key: a format byte, then the start of the SHA-256 of its label or,
 * without a label, of its CKA_ID (hexadecimal). By these, and not by a number, versions can be retired from a configuration
 * without renaming the others. 9 bytes of the 20 that are allowed. Spec, "Encrypt", ciphertextMetadata.
 */
export function keyVersionMetadata({
  label,
  ckaId = '',
}: {
  readonly label?: string | undefined;
  readonly ckaId?: string | undefined;
}): Buffer {
  return label === undefined ? named(FORMAT_CKA_ID, Buffer.from(ckaId, 'hex')) : named(FORMAT_LABEL, label);
}

function named(format: number, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([format]), hash('sha256', name, 'buffer').subarray(0, VERSION_BYTES)]);
}
