import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
} from '../../certs/issueCertificate.ts';

export interface TestCertificates {
  readonly ca: KeyPair;
  /** The server's certificate for localhost, 127.0.0.1 and ::1. */
  readonly server: KeyPair;
  /** The client's certificate, with the CN cks.kms.us-east-1.amazonaws.com. */
  readonly client: KeyPair;
}

const CACHE = join(import.meta.dirname, '../../node_modules/.cache');
const FILE = join(CACHE, 'test-certificates.json');
const DAY_MS = 86_400_000;

/**
 * Certificates that are made once a day, because making them takes each test process half a second. For files, use
 * `writeKeyPair` of certs/generate.ts.
 */
export const testCertificates: TestCertificates = keptCertificates() ?? makeCertificates();

function keptCertificates(): TestCertificates | undefined {
  try {
    if (statSync(FILE).mtimeMs < Date.now() - DAY_MS) return undefined;
    return JSON.parse(readFileSync(FILE, 'utf8')) as TestCertificates;
  } catch {
    return undefined;
  }
}

function makeCertificates(): TestCertificates {
  const ca = createCertificateAuthority();
  const made = { ca, server: issueServerCertificate(ca), client: issueClientCertificate(ca) };
  mkdirSync(CACHE, { recursive: true });
  // Renaming makes the file appear whole, because other processes may look for it now.
  writeFileSync(`${FILE}.${process.pid}`, JSON.stringify(made), { mode: 0o600 });
  renameSync(`${FILE}.${process.pid}`, FILE);
  return made;
}

/** A certificate whose RSA key OpenSSL cannot decode. Found by fuzzing. */
export function withUnreadableKey(certificate: string): string {
  const der = new X509Certificate(certificate).raw;
  // The INTEGER of the modulus gets another tag.
  const modulus = der.indexOf(Buffer.from('0282010100', 'hex'));
  if (modulus < 0) throw new Error('the certificate has no RSA key of 2048 bits');
  der[modulus] = 0x03;
  const lines = der.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}
