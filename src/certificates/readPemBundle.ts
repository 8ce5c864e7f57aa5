import { X509Certificate } from 'node:crypto';
import { decodeBase64 } from '../xks/base64.ts';
import { derLength } from './der.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';
// Also matches other dashes, as word processors write them, and too few dashes.
const BOUNDARY_LIKE = /-----|[\p{Pd}\u2212]\s*(?:BEGIN|END)\b/u;
const BLANKS = /[ \t]+/g;
// Tried at the first blank of a row only, because from each of them it takes quadratic time.
const TRAILING_BLANKS = /(?<![ \t])[ \t]+$/;

/** Certificate block as it stands in the text. */
interface Block {
  /** Number of its BEGIN line. The first line of a text is 1. */
  readonly line: number;
  base64: string;
}

/**
 * Reads the certificates of a PEM text, at least one, in their order. Ignores text between the blocks (RFC 7468, section 2).
 * Refuses other blocks and malformed boundaries, which OpenSSL would skip. Throws an Error whose message is to follow the name
 * of the file and a colon. The message never quotes the text, which may hold a key.
 */
export function readPemBundle(text: string): readonly X509Certificate[] {
  refuseByteOrderMark(text);
  const certificates: X509Certificate[] = [];
  let block: Block | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const number = index + 1;
    const line = raw.replace(TRAILING_BLANKS, '');
    if (!BOUNDARY_LIKE.test(line)) {
      if (block) block.base64 += base64In(line, number, block);
    } else if (block && line === END) {
      certificates.push(parse(block, number));
      block = undefined;
    } else if (block) {
      throw new Error(
        `line ${number}: the certificate that begins on line ${block.line} has no END line before ${describeBoundary(line)}`,
      );
    } else if (line === BEGIN) block = { line: number, base64: '' };
    else throw new Error(`line ${number}: ${describeBoundary(line)}`);
  }
  if (block) throw new Error(`line ${block.line}: the certificate that begins here has no END line`);
  if (certificates.length === 0) throw new Error(`holds no PEM certificate${isText(text) ? '' : NOT_TEXT}`);
  return certificates;
}

/** Formats certificates as PEM that OpenSSL reads completely. */
export function writePemBundle(certificates: readonly X509Certificate[]): string {
  return certificates.map(String).join('');
}

export function refuseByteOrderMark(text: string): void {
  if (text.startsWith('\uFEFF'))
    throw new Error('line 1: a byte order mark (BOM) stands first; save the file without it');
}

function base64In(line: string, number: number, block: Block): string {
  const base64 = line.replaceAll(BLANKS, '');
  if (/^[A-Za-z0-9+/=]*$/.test(base64)) return base64;
  throw new Error(`line ${number}: is not Base64, in the certificate that begins on line ${block.line}`);
}

function parse({ line, base64 }: Block, end: number): X509Certificate {
  const where = `lines ${line} to ${end}`;
  const der = decodeBase64(base64);
  if (!der) throw new Error(`${where}: the certificate is not Base64: characters are missing, or too many`);
  const length = derLength(der) ?? 0;
  if (length > der.length) throw new Error(`${where}: the certificate is cut short: ${der.length} of ${length} bytes`);
  const certificate = decode(der, where);
  if (certificate.raw.equals(der)) return certificate;
  throw new Error(`${where}: the certificate is followed by other bytes, or is not DER`);
}

function decode(der: Buffer, where: string): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new Error(`${where}: what is between BEGIN and END is not a certificate`, { cause });
  }
}

const TAKE_OUT = 'which is not a certificate; remove it from this file';
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/TRUSTED CERTIFICATE$/, "a TRUSTED CERTIFICATE, OpenSSL's own form; convert it: openssl x509 -in OLD -out NEW"],
  [
    /CERTIFICATE REQUEST$/,
    'a certificate request (CSR); replace it with the certificate that the authority issued for it',
  ],
  [/CRL$/, `a revocation list (CRL), ${TAKE_OUT}`],
  [/ENCRYPTED PRIVATE KEY$/, `an encrypted private key, ${TAKE_OUT}`],
  [/PRIVATE KEY$/, `a private key, ${TAKE_OUT}`],
  [/PUBLIC KEY$/, `a public key, ${TAKE_OUT}`],
  [/PARAMETERS$/, `parameters of a key, ${TAKE_OUT}`],
  [/^(?:PKCS7|PKCS #7 SIGNED DATA|CMS)$/, 'PKCS #7; convert it: openssl pkcs7 -print_certs -in OLD -out NEW'],
];

/** Describes a line that looks like a boundary but is not the one that is allowed there. */
function describeBoundary(line: string): string {
  const [, edge, label = ''] = /^-----(BEGIN|END) ([A-Z0-9 .#]{1,40})-----$/.exec(line) ?? [];
  if (edge === 'BEGIN') {
    const kind = KINDS.find(([pattern]) => pattern.test(label))?.[1];
    return kind ?? (label === 'CERTIFICATE' ? 'another BEGIN line' : `a block of another kind: ${label}`);
  }
  if (edge === 'END') return label === 'CERTIFICATE' ? 'an END line without a BEGIN line' : `an END line of ${label}`;
  if (/^\s+-----(?:BEGIN|END) [^-]+-----$/.test(line)) return 'an indented boundary; remove the blanks before it';
  if (hasTwoBoundaries(line)) return 'two boundaries on one line; begin a new line between them';
  return `text that looks like a boundary but is not one; ${BEGIN} and ${END} each need a line of their own`;
}

function hasTwoBoundaries(line: string): boolean {
  const [first = ''] = /^.*?(?:BEGIN|END)\b/s.exec(line) ?? [];
  return first !== '' && /\b(?:BEGIN|END)\b/.test(line.slice(first.length));
}

const NOT_TEXT = ': it is not text. Convert DER: openssl x509 -inform der -in OLD -out NEW. Save text as UTF-8.';

function isText(text: string): boolean {
  return !/[\0\uFFFD]/.test(text);
}
