import { randomBytes } from 'node:crypto';
import { seal, sealedFields } from '../conformance/caseBuilders.ts';
import { KeyStoreClient, type JsonObject, type Operation } from '../conformance/keyStoreClient.ts';
import { sendRequest, type WireRequest } from '../conformance/sendRequest.ts';
import type { Target } from '../conformance/target.ts';

/** A request that was signed ahead, so that signing is not measured. A proxy takes it for five minutes. */
export interface PreparedRequest {
  readonly operation: Operation;
  readonly wire: WireRequest;
  /** What is wrong with an answer; undefined: it is good. */
  readonly judge: (status: number, body: Buffer) => string | undefined;
}

// With as many kmsRequestIds.
const VARIANTS = 500;
// A data key of KMS.
const PLAINTEXT_BYTES = 32;

/** Signs requests of these operations, one after another in turn. Throws if the proxy does not encrypt what is to be decrypted. */
export async function prepareRequests(
  target: Target,
  operations: readonly Operation[],
  stop: AbortSignal,
): Promise<PreparedRequest[]> {
  const plaintext = randomBytes(PLAINTEXT_BYTES).toString('base64');
  const client = new KeyStoreClient(target, target.keyStore, (request) => sendRequest(target.endpoint, request));
  const sealed = operations.includes('decrypt')
    ? sealedFields(await seal(client, Buffer.from(plaintext, 'base64')))
    : {};
  stop.throwIfAborted();
  // As KMS sends them.
  const fieldsOf: Record<Operation, JsonObject> = {
    health: {},
    metadata: {},
    encrypt: { plaintext, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
    decrypt: sealed,
  };
  const expected: Record<Operation, JsonObject> = {
    health: {},
    metadata: {},
    encrypt: {},
    decrypt: { plaintext },
  };
  const prepared: PreparedRequest[] = [];
  for (let variant = 0; variant < VARIANTS; variant += 1) {
    for (const operation of operations) {
      const wire = await wireOf(target, operation, fieldsOf[operation]);
      prepared.push({ operation, wire, judge: (status, body) => judge(status, body, expected[operation]) });
    }
  }
  return prepared;
}

/** The signed request that a client would send. */
async function wireOf(target: Target, operation: Operation, fields: JsonObject): Promise<WireRequest> {
  const { promise, resolve } = Promise.withResolvers<WireRequest>();
  const client = new KeyStoreClient(target, target.keyStore, (request) => {
    resolve(request);
    return Promise.reject(new Error('not sent yet'));
  });
  client.call(operation, fields).catch(() => undefined);
  return promise;
}

function judge(status: number, body: Buffer, expected: JsonObject): string | undefined {
  let json: Readonly<Record<string, unknown>> = {};
  try {
    json = JSON.parse(body.toString()) as typeof json;
  } catch {
    return `${status} without JSON`;
  }
  if (status !== 200)
    return `${status} ${typeof json['errorName'] === 'string' ? json['errorName'].slice(0, 60) : ''}`.trim();
  return Object.entries(expected).every(([name, value]) => json[name] === value) ? undefined : 'a wrong plaintext';
}
