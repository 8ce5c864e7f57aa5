import type { XksErrorName } from '../xks/errors.ts';
import { base64 } from '../xksClient/keyStoreClient.ts';
import { NoAnswer, type Answer } from '../xksClient/sendRequest.ts';
import type { Target } from '../xksClient/target.ts';
import { sealedFields } from './caseBuilders.ts';
import { Unmet } from './conformanceCase.ts';
import { describeAnswer } from './describeExchange.ts';
import { errorNameOf } from './errorNameOf.ts';
import { expectSealed } from './expectations.ts';
import { Probe } from './probe.ts';

/** Valid Encrypt or Decrypt that the proxy refuses. Most cases cannot be decided then. */
export interface RefusedRoundTrip {
  readonly operation: 'encrypt' | 'decrypt';
  readonly status: number;
  readonly errorName: XksErrorName | undefined;
  /** The answer, abridged. */
  readonly got: string;
  /** The likely reason, and advice. */
  readonly advice: string;
}

// Spec, Appendix A: a signature is valid for five minutes.
const MAX_CLOCK_SKEW_MS = 300_000;

/** Encrypts and decrypts once, as KMS does. Returns undefined unless a request was refused with an error answer. */
export async function tryRoundTrip(target: Target): Promise<RefusedRoundTrip | undefined> {
  const { store } = new Probe(target, []);
  try {
    const encrypted = await store.call('encrypt', { plaintext: base64('round trip') });
    if (encrypted.status >= 400) return refusedBy(target, 'encrypt', encrypted);
    const decrypted = await store.call('decrypt', sealedFields(expectSealed(encrypted)));
    return decrypted.status >= 400 ? refusedBy(target, 'decrypt', decrypted) : undefined;
  } catch (error) {
    // The cases describe a malformed or missing answer better.
    if (error instanceof NoAnswer || error instanceof Unmet) return undefined;
    throw error;
  }
}

function refusedBy(target: Target, operation: 'encrypt' | 'decrypt', answer: Answer): RefusedRoundTrip {
  const errorName = errorNameOf(answer);
  return {
    operation,
    status: answer.status,
    errorName,
    got: describeAnswer(answer),
    advice: (errorName && adviceOn(errorName, target, answer)) ?? adviceOnStatus(answer.status, target, answer),
  };
}

function adviceOn(name: XksErrorName, target: Target, answer: Answer): string | undefined {
  const { keyId } = target.keyStore;
  switch (name) {
    case 'AccessDeniedException':
      return `the proxy does not admit the principal ${target.principalArn} or the KMS key ${target.kmsKeyArn}: pass admitted ones with --principal-arn and --kms-key-arn, or admit these in the proxy's policy`;
    case 'InvalidKeyUsageException':
      return `the key ${keyId} may not both encrypt and decrypt: choose another key with --key, or change the usage of this one`;
    case 'InvalidStateException':
      return `the key ${keyId} is disabled or blocked: enable it, or choose another key with --key`;
    case 'KeyNotFoundException':
      return `the proxy does not find the key ${keyId}: check --key`;
    case 'InvalidUriPathException':
      return 'the proxy does not know the path: check --uri-path';
    case 'AuthenticationFailedException':
      return adviceOnSignature(target, answer);
    case 'ThrottlingException':
      return "the proxy's quota is used up: raise it, or try again later";
    case 'DependencyTimeoutException':
    case 'InternalException':
      return "the proxy or its key manager fails: find the reason in the proxy's log";
    case 'InvalidCiphertextException':
      return 'the proxy rejects a ciphertext that it has just made: it uses another key or key manager for Decrypt, or encodes the AAD differently';
    case 'ValidationException':
    case 'UnsupportedOperationException':
      return undefined;
  }
}

function adviceOnStatus(status: number, target: Target, answer: Answer): string {
  if (status === 401) return adviceOnSignature(target, answer);
  if (status === 403) {
    return `the proxy, or a gateway before it, denies access: check --principal-arn ${target.principalArn} and its policy`;
  }
  if (status === 404) return 'the path or the key is unknown: check --uri-path and --key';
  if (status >= 500)
    return "the proxy, its key manager or a gateway before it fails: find the reason in the proxy's log";
  return "the proxy treats a valid request as invalid: find the reason in the proxy's log";
}

function adviceOnSignature(target: Target, { headers }: Answer): string {
  const skewMs = headers.date === undefined ? 0 : Date.parse(headers.date) - target.clock();
  if (Math.abs(skewMs) > MAX_CLOCK_SKEW_MS) {
    return `the clocks of the proxy and of this machine differ by ${Math.round(Math.abs(skewMs) / 1_000)} s: correct them`;
  }
  return 'the proxy does not accept the signature: check --access-key-id, --secret-file and --region';
}

/** Whether an answer is the same refusal of a request that encrypts or decrypts. */
export function isSameRefusal({ status, errorName }: RefusedRoundTrip, path: string, answer: Answer): boolean {
  return /\/(en|de)crypt$/.test(path) && answer.status === status && errorNameOf(answer) === errorName;
}
