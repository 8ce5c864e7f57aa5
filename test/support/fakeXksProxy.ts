import { createCipheriv, hash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { Target } from '../../src/xksClient/target.ts';
import { AuthenticationFailure } from '../../src/sigv4/authenticationFailure.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { SignatureVerifier, type SignedRequest } from '../../src/sigv4/signatureVerifier.ts';
import { decodeBase64 } from '../../src/xks/base64.ts';
import { XksError } from '../../src/xks/errors.ts';
import { RIGHT_STEPS, type Json, type Reply, type Steps } from './fakeXksProxySteps.ts';
import { listenLocally } from './listenLocally.ts';

export interface FakeXksProxy {
  readonly target: Target;
  close: () => Promise<void>;
}

interface Key {
  readonly value: Buffer;
  readonly usage: readonly string[];
  readonly blocked?: boolean;
}

const BOTH = ['ENCRYPT', 'DECRYPT'];
const FIRST: Readonly<Record<string, Key>> = {
  foo: { value: randomBytes(32), usage: BOTH },
  'encrypt-only': { value: randomBytes(32), usage: ['ENCRYPT'] },
  'decrypt-only': { value: randomBytes(32), usage: ['DECRYPT'] },
  'no-usage': { value: randomBytes(32), usage: [] },
  blocked: { value: randomBytes(32), usage: BOTH, blocked: true },
};
const SECOND: Readonly<Record<string, Key>> = { bar: { value: randomBytes(32), usage: BOTH } };
const PATH = /^\/(first|second)\/kms\/xks\/v1\/(?:(health)|keys\/([\w.-]{1,128})\/(metadata|encrypt|decrypt))$/;
const METADATA = Buffer.from('v1');
const JSON_TYPE = { 'content-type': 'application/json' };
const HEALTH = {
  xksProxyFleetSize: 1,
  xksProxyVendor: 'tests',
  xksProxyModel: 'fake 1.0',
  ekmVendor: 'tests',
  ekmFleetDetails: [{ id: 'fake-1', model: 'node:crypto', healthStatus: 'ACTIVE' }],
};

/** An XKS proxy of node:http and node:crypto on a port of 127.0.0.1. It is correct except for the given steps. */
export async function startFakeXksProxy(faults: Partial<Steps> = {}, tls?: ServerOptions): Promise<FakeXksProxy> {
  const steps: Steps = { ...RIGHT_STEPS, ...faults };
  const stores = {
    first: { keys: FIRST, credential: newCredential() },
    second: { keys: SECOND, credential: newCredential() },
  };
  const verifier = new SignatureVerifier({ regions: new Set(['us-east-1']), clock: Date.now });

  const serve = async (request: SignedRequest): Promise<Reply> => {
    const [, name, health, keyId = '', onKey = ''] = PATH.exec(request.path) ?? [];
    if (name !== 'first' && name !== 'second') throw new XksError('InvalidUriPathException', 'No such path.');
    if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: undefined };
    const { keys, credential } = stores[name];
    await verifier.verify(request, new Map([[credential.accessKeyId, credential]])).catch((failure: unknown) => {
      const isIgnored = failure instanceof AuthenticationFailure && steps.ignores(failure.check);
      if (!isIgnored && !steps.trusts(request, credential)) throw failure;
    });
    const operation = health ?? onKey;
    const body = validate(steps.amend(parseObject(steps, request.body), operation), operation);
    const result = operation === 'health' ? HEALTH : onKeyOperation(steps, keys, keyId, operation, body);
    return { status: 200, headers: JSON_TYPE, body: result };
  };
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = steps.receive(await read(incoming));
    const served = await serve(request).catch((thrown: unknown) => {
      const error = thrown instanceof XksError ? thrown : new XksError('InternalException', String(thrown));
      return { status: error.status, headers: JSON_TYPE, body: error.toBody() };
    });
    const reply = steps.reply(served, request);
    if (reply) steps.send(reply, response);
  };

  const onRequest = (incoming: IncomingMessage, response: ServerResponse) => void listener(incoming, response);
  const { port, close } = await listenLocally(tls ? createTlsServer(tls, onRequest) : createServer(onRequest));
  const target: Target = {
    endpoint: {
      url: new URL(`${tls ? 'https' : 'http'}://localhost:${port}`),
      connectTo: { host: '127.0.0.1', port },
      tls: { ca: undefined, cert: undefined, key: undefined },
      deadlineMs: 5_000,
    },
    keyStore: { uriPath: '/first/kms/xks/v1', credential: stores.first.credential, keyId: 'foo' },
    secondKeyStore: { uriPath: '/second/kms/xks/v1', credential: stores.second.credential, keyId: 'bar' },
    region: 'us-east-1',
    keys: { encryptOnly: 'encrypt-only', decryptOnly: 'decrypt-only', noUsage: 'no-usage', blocked: 'blocked' },
    principalArn: 'arn:aws:iam::123456789012:user/Alice',
    kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/fake',
    clock: Date.now,
  };
  return { target, close };
}

async function read(incoming: IncomingMessage): Promise<SignedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = new Map(
    Object.entries(incoming.headersDistinct).map(([name, values = []]) => [
      name,
      values.length === 1 ? values[0] : undefined,
    ]),
  );
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers, body: Buffer.concat(chunks) };
}

function parseObject(steps: Steps, bytes: Uint8Array): Json {
  try {
    const body = steps.parse(bytes);
    if (isObject(body)) return body;
  } catch {
    // A body that is not JSON is refused like one that is not an object.
  }
  throw invalid('The body is not a JSON object.');
}

function validate(body: Json, operation: string): Json {
  const { requestMetadata } = body;
  if (!isObject(requestMetadata)) throw invalid('requestMetadata must be an object.');
  const ofKeys = operation === 'health' ? [] : ['awsPrincipalArn'];
  const ofCrypto = operation === 'encrypt' || operation === 'decrypt' ? ['kmsKeyArn'] : [];
  for (const field of ['kmsRequestId', 'kmsOperation', ...ofKeys, ...ofCrypto]) {
    if (typeof requestMetadata[field] !== 'string') throw invalid(`${field} must be a text.`);
  }
  if (ofCrypto.length > 0 && body['encryptionAlgorithm'] !== 'AES_GCM') throw invalid('The algorithm must be AES_GCM.');
  return body;
}

function onKeyOperation(
  steps: Steps,
  keys: Readonly<Record<string, Key>>,
  keyId: string,
  operation: string,
  body: Json,
) {
  const key = Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
  if (!key) throw new XksError('KeyNotFoundException', 'No such key.');
  const { value, usage, blocked = false } = key;
  if (operation === 'metadata') {
    return { keySpec: 'AES_256', keyUsage: usage, keyStatus: blocked ? 'DISABLED' : 'ENABLED' };
  }
  if (blocked) throw new XksError('InvalidStateException', 'The key is blocked.');
  const withCdiv = body['ciphertextDataIntegrityValueAlgorithm'] !== undefined;
  const needed = operation === 'decrypt' ? ['DECRYPT'] : withCdiv ? BOTH : ['ENCRYPT'];
  if (!needed.every((use) => usage.includes(use))) throw new XksError('InvalidKeyUsageException', 'Not its usage.');
  return operation === 'encrypt' ? encrypt(steps, value, body, withCdiv) : decrypt(steps, value, body);
}

function encrypt(steps: Steps, key: Buffer, body: Json, withCdiv: boolean) {
  const plaintext = bytesOf(body, 'plaintext', 4_300);
  const aad = bytesOf({ additionalAuthenticatedData: '', ...body }, 'additionalAuthenticatedData', 8_192);
  if (withCdiv && body['ciphertextDataIntegrityValueAlgorithm'] !== 'SHA_256')
    throw invalid('The CDIV must be SHA_256.');
  const iv = steps.newIv();
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(steps.frameAad(aad, METADATA));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const tag = cipher.getAuthTag();
  return {
    ciphertext: ciphertext.toString('base64'),
    initializationVector: iv.toString('base64'),
    authenticationTag: tag.toString('base64'),
    ciphertextMetadata: METADATA.toString('base64'),
    ...(withCdiv && {
      ciphertextDataIntegrityValue: hash('sha256', Buffer.concat([aad, METADATA, iv, ciphertext, tag]), 'base64'),
    }),
  };
}

function decrypt(steps: Steps, key: Buffer, body: Json) {
  const optional = { additionalAuthenticatedData: '', ciphertextMetadata: '', ...body };
  const ciphertext = bytesOf(body, 'ciphertext', 4_300);
  const iv = bytesOf(body, 'initializationVector', 16);
  const tag = bytesOf(body, 'authenticationTag', 16);
  const aad = bytesOf(optional, 'additionalAuthenticatedData', 8_192);
  const metadata = bytesOf(optional, 'ciphertextMetadata', 20);
  try {
    const plaintext = steps.open(key, { ciphertext, iv, tag }, steps.frameAad(aad, metadata));
    return { plaintext: plaintext.toString('base64') };
  } catch {
    throw new XksError('InvalidCiphertextException', 'The ciphertext does not verify.');
  }
}

function bytesOf(body: Json, field: string, max: number): Buffer {
  const text = body[field];
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined;
  if (!bytes) throw invalid(`${field} must be Base64.`);
  if (bytes.length <= max) return bytes;
  throw max <= 20
    ? invalid(`${field} is too long.`)
    : new XksError('UnsupportedOperationException', `${field} is too long.`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): XksError {
  return new XksError('ValidationException', message);
}
