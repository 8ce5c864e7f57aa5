import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** Makes a new Ed25519 private key: PKCS#8, PEM. */
export function newAuditKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Parses a private key. Throws an Error whose message says what is wrong, and quotes nothing of the text. */
export function parseAuditKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('must be a PEM file with an Ed25519 private key (PKCS#8), without a passphrase');
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`must be an Ed25519 key, not ${key.asymmetricKeyType ?? 'one of another kind'}`);
}
