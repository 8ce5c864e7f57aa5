import type { X509Certificate } from 'node:crypto';
import { derChildren, derValues, type DerValue } from './der.ts';

/** Returns the fields of the signed part of a certificate (RFC 5280, section 4.1). */
export function tbsCertificateOf({ raw }: X509Certificate): readonly DerValue[] {
  const [tbsCertificate] = derChildren(raw);
  return derValues(tbsCertificate?.content ?? Buffer.alloc(0));
}
