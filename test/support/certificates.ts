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
