import type { X509Certificate } from 'node:crypto';
import { derValues, type DerValue } from './der.ts';
import { tbsCertificateOf } from './tbsCertificate.ts';

// The object identifier 2.5.4.3; the place of the subject after the version, which may be left out; tags of X.680.
const COMMON_NAME = '550403';
const SUBJECT = 4;
const VERSION = 0xa0;
const BMP_STRING = 0x1e;
const UTF8_STRING = 0x0c;

/**
 * The CNs of a certificate's subject; none if it is not DER. Node's toLegacyObject and getPeerCertificate end the process when
 * a key is on a curve without a NIST name, such as brainpoolP256r1 (Node 24.21), and any client may show such a certificate.
 */
export function commonNamesOf(certificate: X509Certificate): readonly string[] {
  try {
    const fields = tbsCertificateOf(certificate).filter(({ tag }) => tag !== VERSION);
    return derValues(fields[SUBJECT]?.content ?? Buffer.alloc(0))
      .flatMap(({ content }) => derValues(content))
      .map(({ content }) => derValues(content))
      .filter(([type]) => type?.content.toString('hex') === COMMON_NAME)
      .map(([, value]) => (value ? textOf(value) : ''));
  } catch {
    return [];
  }
}

/** RFC 5280 section 4.1.2.4. The other kinds of strings have one byte a character. */
function textOf({ tag, content }: DerValue): string {
  if (tag === BMP_STRING) return new TextDecoder('utf-16be').decode(content);
  return content.toString(tag === UTF8_STRING ? 'utf8' : 'latin1');
}
