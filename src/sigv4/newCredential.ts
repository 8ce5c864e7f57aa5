import { randomBytes } from 'node:crypto';
import { Secret } from '../secret.ts';
import type { Credential } from './credential.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Makes a random credential: an access key id of 26 characters, and a secret of 288 bits in 48 characters. Spec, Appendix A. */
export function newCredential(): Credential {
  return {
    accessKeyId: Array.from(randomBytes(26), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join(''),
    secretAccessKey: new Secret(randomBytes(36).toString('base64')),
  };
}
