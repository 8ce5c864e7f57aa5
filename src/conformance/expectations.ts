import { decodeBase64 } from '../xks/base64.ts';
import { errorNameOf, isObject } from './errorNameOf.ts';
import { XKS_ERROR_STATUS, type XksErrorName } from '../xks/errors.ts';
import { acceptance, brokenRule, refusal, wrongError, wrongPlaintext } from './causes.ts';
import { Unmet, type Cause } from './conformanceCase.ts';
import { describeAnswer } from './describeExchange.ts';
import type { JsonObject } from '../xksClient/keyStoreClient.ts';
import type { Answer } from '../xksClient/sendRequest.ts';

const MAX_VALUE_CHARACTERS = 200;

/** Decoded fields of an encrypt answer. */
export interface Sealed {
  readonly ciphertext: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  /** Undefined if the answer has no ciphertextMetadata. */
  readonly metadata: Buffer | undefined;
  /** Value of ciphertextDataIntegrityValue. */
  readonly cdiv: unknown;
}

/** Returns the JSON object of a 200. Throws Unmet for any other answer. */
export function expectSuccess(answer: Answer): JsonObject {
  if (answer.status !== 200) throw new Unmet(describeAnswer(answer), refusal(answer));
  if (!isObject(answer.json)) {
    const cause = brokenRule('Answers with status 200 have a body that is not a JSON object');
    throw new Unmet(`200 whose body is not a JSON object: ${describeAnswer(answer)}`, cause);
  }
  return answer.json;
}

/** Throws Unmet unless the answer is one of these errors, with its status. */
export function expectError(answer: Answer, names: readonly XksErrorName[]): void {
  const name = errorNameOf(answer);
  if (name === undefined || !names.includes(name) || answer.status !== XKS_ERROR_STATUS[name]) {
    const isServed = answer.status === 200 && name === undefined;
    throw new Unmet(describeAnswer(answer), isServed ? acceptance(names) : wrongError(answer, names));
  }
}

/** Formats errors like `400 ValidationException or 501 UnsupportedOperationException`. */
export function describeErrors(names: readonly XksErrorName[]): string {
  return names.map((name) => `${XKS_ERROR_STATUS[name]} ${name}`).join(' or ');
}

/** Whether an optional member of an answer is absent. Null counts as absent, because the case `null-members` reports it. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Decodes an encrypt answer. Throws Unmet unless it is well-formed. */
export function expectSealed(answer: Answer): Sealed {
  const fields = expectSuccess(answer);
  return {
    ciphertext: expectBytes(fields, 'ciphertext'),
    iv: expectBytes(fields, 'initializationVector'),
    tag: expectBytes(fields, 'authenticationTag'),
    metadata: isAbsent(fields['ciphertextMetadata']) ? undefined : expectBytes(fields, 'ciphertextMetadata'),
    cdiv: fields['ciphertextDataIntegrityValue'],
  };
}

/** Throws Unmet unless the answer holds this plaintext. */
export function expectPlaintext(answer: Answer, plaintext: Uint8Array): void {
  const decrypted = expectBytes(expectSuccess(answer), 'plaintext');
  if (decrypted.equals(plaintext)) return;
  throw new Unmet('200 with a plaintext that differs from the encrypted one', wrongPlaintext);
}

/** Formats a value of an answer for a message, as abridged JSON. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)}...` : text;
}

/** Throws Unmet with `message` unless `condition` holds. */
export function expectThat(condition: boolean, message: string, cause?: Cause): void {
  if (!condition) throw new Unmet(message, cause);
}

function expectBytes(fields: JsonObject, name: string): Buffer {
  const text = fields[name];
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined;
  if (bytes) return bytes;
  const fault = text === undefined ? 'missing' : 'not standard Base64';
  throw new Unmet(`200 whose ${name} is ${fault}`, brokenRule(`The ${name} of answers is ${fault}`));
}
