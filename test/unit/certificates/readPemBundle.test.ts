import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { readPemBundle, writePemBundle } from '../../../src/certificates/readPemBundle.ts';
import { testCertificates } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const first = testCertificates.ca.certificate.replaceAll('\r', '').trim();
const second = testCertificates.server.certificate.replaceAll('\r', '').trim();
const lines = first.split('\n');
/** The number of the first line after the first certificate. */
const next = lines.length + 1;

const subjects = (text: string) => readPemBundle(text).map(({ subject }) => subject);
const both = [new X509Certificate(first).subject, new X509Certificate(second).subject];

it.each<[string, string]>([
  ['one after the other', `${first}\n${second}\n`],
  ['without a line end at the end', `${first}\n${second}`],
  ['with CRLF', `${first}\n${second}\n`.replaceAll('\n', '\r\n')],
  ['with blanks at the ends of lines', `${first}\n${second}\n`.replaceAll('\n', ' \t\n')],
  [
    'with explanatory text',
    `Our CA - begin to end:\nsubject=CN = Prüfstelle --\n\n${first}\n\n== the server ==\n${second}\nend.\n`,
  ],
  ['with Base64 on one line', `${first.replaceAll(/(?<!-)\n(?!-)/g, '')}\n${second}`],
])('reads two certificates %s', (_what, text) => {
  expect(subjects(text)).toEqual(both);
});

const block = (label: string, content = lines.slice(1, -1).join('\n')) =>
  `-----BEGIN ${label}-----\n${content}\n-----END ${label}-----`;
const openssl = (args: string, input: string) =>
  execFileSync('openssl', args.split(' '), { input, stdio: 'pipe' }).toString();
const der = (bytes: Buffer) => block('CERTIFICATE', bytes.toString('base64'));
const raw = new X509Certificate(first).raw;

it.each<[string, string, RegExp]>([
  [
    'glued boundaries',
    `${first}${second}`,
    new RegExp(
      `^line ${lines.length}: the certificate that begins on line 1 has no END line before two boundaries on one line`,
    ),
  ],
  ['a boundary after text', `${first}\nCA: ${second}`, new RegExp(`^line ${next}: text that looks like a boundary`)],
  [
    'an indented block',
    `${first}\n${second.replaceAll(/^/gm, '  ')}`,
    new RegExp(`^line ${next}: an indented boundary`),
  ],
  [
    'an END line after Base64',
    `${lines.slice(0, -2).join('\n')}\n${lines.slice(-2).join('')}`,
    /^line \d+: the certificate that begins on line 1 has no END line before text that looks like a boundary/,
  ],
  [
    'a block cut off in the middle',
    `${lines.slice(0, 8).join('\n')}\n${second}`,
    /^line 9: the certificate that begins on line 1 has no END line before another BEGIN line/,
  ],
  [
    'a block cut off at the end',
    lines.slice(0, 8).join('\n'),
    /^line 1: the certificate that begins here has no END line/,
  ],
  ['a block without its first lines', lines.slice(3).join('\n'), /^line \d+: an END line without a BEGIN line/],
  [
    'a block that lost a line',
    block('CERTIFICATE', lines.slice(1, -4).join('\n')),
    /^lines 1 to \d+: the certificate is cut short: \d+ of \d+ bytes/,
  ],
  ['a block that lost a character', first.replace('\nMII', '\nMI'), /^lines 1 to \d+: the certificate is not Base64/],
  [
    'text that is not Base64',
    `${lines.slice(0, 3).join('\n')}\n%%%\n${lines.slice(3).join('\n')}`,
    /^line 4: is not Base64, in the certificate that begins on line 1/,
  ],
  [
    'bytes after the DER',
    der(Buffer.concat([raw, Buffer.from('more')])),
    /^lines 1 to 3: the certificate is followed by other bytes/,
  ],
  ['PEM inside of PEM', der(Buffer.from(first)), /^lines 1 to 3: /],
  [
    'nothing between BEGIN and END',
    block('CERTIFICATE', ''),
    /^lines 1 to 3: what is between BEGIN and END is not a certificate/,
  ],
  [
    'a request that is called a certificate',
    block(
      'CERTIFICATE',
      openssl('req -new -newkey rsa:2048 -nodes -subj /CN=a -keyout /dev/null', '').split('\n').slice(1, -2).join('\n'),
    ),
    /is not a certificate$/,
  ],
  [
    'a TRUSTED CERTIFICATE',
    `${first}\n${openssl('x509 -trustout', second)}`,
    new RegExp(`^line ${next}: a TRUSTED CERTIFICATE`),
  ],
  [
    'an X509 CERTIFICATE',
    `${first}\n${block('X509 CERTIFICATE')}`,
    new RegExp(`^line ${next}: a block of another kind: X509 CERTIFICATE$`),
  ],
  [
    'a private key',
    `${first}\n${testCertificates.ca.privateKey}`,
    new RegExp(`^line ${next}: a private key, which is not a certificate`),
  ],
  ['an encrypted private key', `${first}\n${block('ENCRYPTED PRIVATE KEY')}`, /: an encrypted private key/],
  ['a request', `${first}\n${block('CERTIFICATE REQUEST')}`, /: a certificate request \(CSR\)/],
  ['a CRL', `${first}\n${block('X509 CRL')}`, /: a revocation list \(CRL\)/],
  ['a PKCS #7 bundle', block('PKCS7'), /^line 1: PKCS #7; convert it/],
  ['parameters of a curve', `${first}\n${block('EC PARAMETERS')}`, /: parameters of a key/],
  [
    'lower-case boundaries',
    `${first}\n${second.replace('BEGIN', 'begin')}`,
    new RegExp(`^line ${next}: text that looks like a boundary`),
  ],
  [
    'four dashes',
    `${first}\n${second.replaceAll('-----', '----')}`,
    new RegExp(`^line ${next}: text that looks like a boundary`),
  ],
  [
    'dashes of a word processor',
    `${first}\n${second.replaceAll('-----', '\u2014\u2014-')}`,
    new RegExp(`^line ${next}: text that looks like a boundary`),
  ],
  ['a line of dashes', `${first}\n--------\n${second}`, new RegExp(`^line ${next}: text that looks like a boundary`)],
  ['line ends of old Mac systems', first.replaceAll('\n', '\r'), /^line 1: two boundaries on one line/],
  ['\\n in the place of line ends', first.replaceAll('\n', '\\n'), /^line 1: two boundaries on one line/],
  ['a byte order mark', `\uFEFF${first}\n`, /^line 1: a byte order mark \(BOM\)/],
  ['DER', raw.toString(), /^holds no PEM certificate: it is not text/],
  ['UTF-16', Buffer.from(first, 'utf16le').toString(), /^holds no PEM certificate: it is not text/],
  ['text', 'no certificate\n', /^holds no PEM certificate$/],
  ['nothing', '', /^holds no PEM certificate$/],
])('refuses %s', (_what, text, message) => {
  expect(() => readPemBundle(text)).toThrow(message);
});

it('OpenSSL reads all certificates that it writes', () => {
  const folder = temporaryFolder({ 'bundle.pem': writePemBundle(readPemBundle(`A:\n${first}\nB:\n${second}`)) });
  const listed = openssl(`crl2pkcs7 -nocrl -certfile ${folder}/bundle.pem`, '');
  expect(openssl('pkcs7 -print_certs -noout', listed).match(/subject=/g)).toHaveLength(2);
});
