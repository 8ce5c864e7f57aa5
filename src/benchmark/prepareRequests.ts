import { randomBytes } from 'node:crypto';
import { KeyStoreClient, type JsonObject, type Operation } from '../xksClient/keyStoreClient.ts';
import { sendRequest, type WireRequest } from '../xksClient/sendRequest.ts';
import type { Target } from '../xksClient/target.ts';

/** Request signed in advance, so that signing is not measured. A proxy accepts it for five minutes. */
export interface PreparedRequest {
  readonly operation: Operation;
  /** Bytes to send. */
  readonly bytes: Buffer;
  /** Returns what is wrong with an answer, or undefined if it is good. */
  readonly judge: (status: number, body: Buffer) => string | undefined;
}

/** Thrown when the proxy does not encrypt the plaintext for Decrypt requests. The message says so in a sentence. */
export class EncryptRefused extends Error {
  override readonly name = 'EncryptRefused';
}

// Each variant has its own kmsRequestId.
const VARIANTS = 500;

export interface RequestOptions {
  /** Size of the plaintext. Defaults to that of a KMS data key. */
  readonly plaintextBytes?: number;
  /** Whether encryptions request a CDIV, as KMS does. */
  readonly asksForCdiv?: boolean;
}

/** Signs requests for these operations in turn. Throws EncryptRefused, NoAnswer. */
export async function prepareRequests(
  target: Target,
  operations: readonly Operation[],
  { plaintextBytes = 32, asksForCdiv = true }: RequestOptions = {},
): Promise<PreparedRequest[]> {
  const plaintext = randomBytes(plaintextBytes).toString('base64');
  const client = new KeyStoreClient(target, target.keyStore, (request) => sendRequest(target.endpoint, request));
  // These are the fields that KMS sends.
  const fieldsOf: Record<Operation, JsonObject> = {
    health: {},
    metadata: {},
    encrypt: { plaintext, ...(asksForCdiv && { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' }) },
    decrypt: operations.includes('decrypt') ? await seal(client, plaintext) : {},
  };
  const expected: Record<Operation, JsonObject> = { health: {}, metadata: {}, encrypt: {}, decrypt: { plaintext } };
  return Array.from({ length: VARIANTS }).flatMap(() =>
    operations.map((operation) => ({
      operation,
      bytes: render(client.prepare(operation, fieldsOf[operation])),
      judge: (status: number, body: Buffer) => judge(status, body, expected[operation]),
    })),
  );
}

function render({ method, path, headers, body }: WireRequest): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}

/** Encrypts with the proxy. Returns the fields of a request that decrypts the ciphertext. */
async function seal(client: KeyStoreClient, plaintext: string): Promise<JsonObject> {
  const { status, json } = await client.call('encrypt', { plaintext });
  if (status !== 200)
    throw new EncryptRefused(`The proxy refused a first encrypt with ${status}: the key must be one that may encrypt.`);
  const { ciphertext, initializationVector, authenticationTag, ciphertextMetadata } = json as JsonObject;
  return { ciphertext, initializationVector, authenticationTag, ciphertextMetadata };
}

function judge(status: number, body: Buffer, expected: JsonObject): string | undefined {
  const json = parseObject(body);
  if (!json) return `${status} without a JSON object`;
  const { errorName } = json;
  // An errorName may be anything, such as control characters for a terminal.
  const isName = typeof errorName === 'string' && /^[A-Za-z]{1,60}$/.test(errorName);
  if (status !== 200) return `${status} ${isName ? errorName : 'without an errorName'}`;
  return Object.entries(expected).every(([name, value]) => json[name] === value) ? undefined : 'a wrong plaintext';
}

function parseObject(body: Buffer): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(body.toString());
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
