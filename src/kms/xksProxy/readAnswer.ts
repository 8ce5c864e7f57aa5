import { hash } from 'node:crypto';
import { decryptAnswer, encryptAnswer, healthAnswer, metadataAnswer } from './answerShapes.ts';
import { parseAnswer, type HttpAnswer } from './parseAnswer.ts';
import type { ExternalCiphertext, ExternalKeyMetadata, HealthStatus } from './xksProxyClient.ts';
import { XksProxyFailure } from './xksProxyFailure.ts';

export function readHealthStatus(answer: HttpAnswer): HealthStatus {
  return parseAnswer(answer, healthAnswer);
}

/** Throws EkmUnavailable if all external key managers are UNAVAILABLE. */
export function requireEkm({ ekmFleetDetails }: HealthStatus): void {
  if (ekmFleetDetails.some(({ healthStatus }) => healthStatus !== 'UNAVAILABLE')) return;
  throw new XksProxyFailure('EkmUnavailable', 'all external key managers are UNAVAILABLE');
}

export function readKeyMetadata(answer: HttpAnswer): ExternalKeyMetadata {
  return parseAnswer(answer, metadataAnswer);
}

/** Reads the answer to an Encrypt and verifies its CDIV. `aad` and `plaintext` are those of the request. */
export function readCiphertext(answer: HttpAnswer, plaintext: Buffer, aad: Buffer): ExternalCiphertext {
  const { ciphertextDataIntegrityValue, ...sealed } = parseAnswer(answer, encryptAnswer);
  requireLength('ciphertext', sealed.ciphertext, plaintext);
  if (!computeCdiv(sealed, aad).equals(ciphertextDataIntegrityValue)) {
    throw new XksProxyFailure('InvalidResponse', 'ciphertextDataIntegrityValue: does not match');
  }
  return sealed;
}

/** Reads the answer to a Decrypt. `ciphertext` is that of the request. */
export function readPlaintext(answer: HttpAnswer, ciphertext: Buffer): Buffer {
  const { plaintext } = parseAnswer(answer, decryptAnswer);
  requireLength('plaintext', plaintext, ciphertext);
  return plaintext;
}

/** Requires that input and output have the same length, because AES-GCM keeps it. */
function requireLength(member: string, { length }: Buffer, input: Buffer): void {
  if (length === input.length) return;
  throw new XksProxyFailure('InvalidResponse', `${member}: ${length} bytes, not ${input.length}`);
}

/** Returns the CDIV of 32 bytes. Spec, Appendix C. */
function computeCdiv(sealed: ExternalCiphertext, aad: Buffer): Buffer {
  const { ciphertextMetadata, initializationVector, ciphertext, authenticationTag } = sealed;
  const covered = [aad, ciphertextMetadata, initializationVector, ciphertext, authenticationTag];
  return hash('sha256', Buffer.concat(covered), 'buffer');
}
