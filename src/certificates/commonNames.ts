import type { X509Certificate } from 'node:crypto';
import { derValues, type DerValue } from './der.ts';
import { tbsCertificateOf } from './tbsCertificate.ts';

// Object identifier 2.5.4.3, index of the subject among the fields after the optional version, and tags of X.680.
const COMMON_NAME = '550403';
const SUBJECT = 4;
const VERSION = 0xa0;
const BMP_STRING = 0x1e;
const UTF8_STRING = 0x0c;

/**
 * CNs of a certificate's subject. Empty if the certificate is not DER. Node's toLegacyObject and getPeerCertificate are not
 * used: they crash (Node 24.21) if the key is on a curve without a NIST name, such as brainpoolP256r1. Any client may present
 * such a certificate.
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

/** Decodes a DirectoryString (RFC 5280, section 4.1.2.4). Its types other than BMPString and UTF8String have one byte per character. */
function textOf({ tag, content }: DerValue): string {
  if (tag === BMP_STRING) return new TextDecoder('utf-16be').decode(content);
  return content.toString(tag === UTF8_STRING ? 'utf8' : 'latin1');
}
