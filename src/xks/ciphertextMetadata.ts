import { hash } from 'node:crypto';

// First byte of the metadata. The other bytes begin the SHA-256 of the key's label, or of its CKA_ID.
const FORMAT_LABEL = 1;
const FORMAT_CKA_ID = 2;
const VERSION_BYTES = 8;

/**
 * Builds the ciphertextMetadata that names a version of an external key: a format byte, then the start of the SHA-256 of its
 * label or, without a label, of its CKA_ID (hexadecimal). A number would change when an older version is removed from the
 * configuration; these names do not. 9 bytes of the 20 that are allowed. Spec, "Encrypt", ciphertextMetadata.
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
