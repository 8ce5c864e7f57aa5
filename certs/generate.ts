import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
} from './issueCertificate.ts';

const RENEW_BEFORE_MS = 30 * 24 * 3_600_000;

/**
 * Makes sure that `folder` has {ca,server,client}.{crt,key} as PEM, `server.crt` with its chain, each valid for 30 more days.
 * Certificates that are still valid are kept. A new certificate authority replaces all three. Returns the names of the new ones.
 */
export function generateCertificates(folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  const ensure = (name: string, issuer: KeyPair | undefined, make: () => KeyPair): KeyPair => {
    const existing = readKeyPair(folder, name);
    if (existing && isGood(existing, issuer ?? existing)) return existing;
    const fresh = make();
    writeKeyPair(folder, name, fresh);
    made.push(name);
    return fresh;
  };
  const ca = ensure('ca', undefined, createCertificateAuthority);
  ensure('server', ca, () => withIssuer(issueServerCertificate(ca), ca));
  ensure('client', ca, () => issueClientCertificate(ca));
  return made;
}

function withIssuer(pair: KeyPair, issuer: KeyPair): KeyPair {
  return { ...pair, certificate: pair.certificate + issuer.certificate };
}

export interface KeyPairFiles {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
}

/** Writes NAME.crt and NAME.key, the key readable by its owner only. */
export function writeKeyPair(folder: string, name: string, pair: KeyPair): KeyPairFiles {
  const files = filesOf(folder, name);
  writeFileSync(files.privateKeyFile, pair.privateKey, { mode: 0o600 });
  writeFileSync(files.certificateFile, pair.certificate);
  return files;
}

function readKeyPair(folder: string, name: string): KeyPair | undefined {
  const { certificateFile, privateKeyFile } = filesOf(folder, name);
  if (!existsSync(certificateFile) || !existsSync(privateKeyFile)) return undefined;
  return { certificate: readFileSync(certificateFile, 'utf8'), privateKey: readFileSync(privateKeyFile, 'utf8') };
}

function filesOf(folder: string, name: string): KeyPairFiles {
  return { certificateFile: join(folder, `${name}.crt`), privateKeyFile: join(folder, `${name}.key`) };
}

/** Whether a pair can be kept. False also for files that an interrupted run left incomplete, and for a mix of two runs. */
function isGood(pair: KeyPair, issuer: KeyPair): boolean {
  try {
    const certificate = new X509Certificate(pair.certificate);
    return (
      certificate.validToDate.getTime() - Date.now() > RENEW_BEFORE_MS &&
      certificate.checkPrivateKey(createPrivateKey(pair.privateKey)) &&
      certificate.verify(new X509Certificate(issuer.certificate).publicKey)
    );
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const made = generateCertificates(join(import.meta.dirname, 'made'));
  process.stdout.write(made.length > 0 ? `made certificates: ${made.join(', ')}\n` : 'certificates are up to date\n');
}
