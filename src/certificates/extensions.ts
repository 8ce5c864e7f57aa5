import type { X509Certificate } from 'node:crypto';
import { derChildren, derValues, type DerValue } from './der.ts';
import { tbsCertificateOf } from './tbsCertificate.ts';

/** Fields of a certificate that Node does not expose. */
export interface CertificateExtensions {
  /** Version of X.509; version 1 has no extensions. */
  readonly version: number;
  /** subjectKeyIdentifier, in upper-case hexadecimal. */
  readonly subjectKeyId: string | undefined;
  /** authorityKeyIdentifier, in upper-case hexadecimal. */
  readonly authorityKeyId: string | undefined;
  /** Undefined if any usage is allowed. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
  readonly hasBasicConstraints: boolean;
}

// Object identifiers, RFC 5280 section 4.2.1.
const SUBJECT_KEY_ID = '551d0e';
const KEY_USAGE = '551d0f';
const BASIC_CONSTRAINTS = '551d13';
const AUTHORITY_KEY_ID = '551d23';
// Context tags of a TBSCertificate, and of an AuthorityKeyIdentifier; RFC 5280 sections 4.1 and 4.2.1.1.
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const KEY_IDENTIFIER = 0x80;

/** Reads the fields that Node does not expose. A field that is not DER is read as empty. */
export function readExtensions(certificate: X509Certificate): CertificateExtensions {
  const fields = orNone(() => tbsCertificateOf(certificate));
  const list = fields.find(({ tag }) => tag === EXTENSIONS)?.content;
  const extensions = new Map(
    (list ? orNone(() => derChildren(list)) : []).map(({ content }) => {
      // The BOOLEAN `critical` may stand between the identifier and the value.
      const parts = orNone(() => derValues(content));
      return [parts[0]?.content.toString('hex'), parts.at(-1)?.content] as const;
    }),
  );
  const subjectKeyId = extensions.get(SUBJECT_KEY_ID);
  const authorityKeyId = extensions.get(AUTHORITY_KEY_ID);
  const keyUsage = extensions.get(KEY_USAGE);
  return {
    version: 1 + (fields.find(({ tag }) => tag === VERSION)?.content.at(-1) ?? 0),
    subjectKeyId: subjectKeyId && hex(orNone(() => derValues(subjectKeyId))[0]?.content),
    authorityKeyId:
      authorityKeyId &&
      hex(orNone(() => derChildren(authorityKeyId)).find(({ tag }) => tag === KEY_IDENTIFIER)?.content),
    keyUsage: keyUsage && usagesOf(orNone(() => derValues(keyUsage))[0]?.content),
    hasBasicConstraints: extensions.has(BASIC_CONSTRAINTS),
  };
}

/** Returns the values that `read` returns, or none if it throws. OpenSSL accepts any bytes in a certificate's extensions. */
function orNone(read: () => readonly DerValue[]): readonly DerValue[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function hex(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString('hex').toUpperCase();
}

/** Decodes a KeyUsage (RFC 5280, section 4.2.1.3). The first byte of a BIT STRING counts its unused bits. */
function usagesOf([, bits = 0]: Iterable<number> = []) {
  return { digitalSignature: (bits & 0x80) !== 0, keyCertSign: (bits & 0x04) !== 0 };
}
