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
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: KeyPair;
  /** Its CN is cks.kms.us-east-1.amazonaws.com. */
  readonly client: KeyPair;
}

const CACHE = join(import.meta.dirname, '../../node_modules/.cache');
const FILE = join(CACHE, 'test-certificates.json');
const DAY_MS = 86_400_000;

/** Made once a day, because it takes each test process half a second. `writeKeyPair` of certs/generate.ts gives files. */
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
  // Whole or not at all, for other processes that look for it at this time.
  writeFileSync(`${FILE}.${process.pid}`, JSON.stringify(made), { mode: 0o600 });
  renameSync(`${FILE}.${process.pid}`, FILE);
  return made;
}
