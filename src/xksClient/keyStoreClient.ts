import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import type { Answer, Header, WireRequest } from './sendRequest.ts';
import { signRequest, type SigningDeviation } from './signRequest.ts';
import type { KeyStoreTarget, Target } from './target.ts';

export type Operation = 'health' | 'metadata' | 'encrypt' | 'decrypt';
export const KEY_OPERATIONS = ['metadata', 'encrypt', 'decrypt'] as const;
export const OPERATIONS = ['health', ...KEY_OPERATIONS] as const;

export type JsonObject = Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly keyId?: string;
  readonly method?: string;
  readonly path?: string;
  /** Sent before the signature's own headers. */
  readonly headers?: readonly Header[];
  readonly contentType?: string;
  readonly signing?: SigningDeviation;
  readonly agent?: Agent;
}

export type Send = (request: WireRequest, options: { showSignature: boolean; agent?: Agent }) => Promise<Answer>;

/** Calls one key store's API as KMS does, except for the differences that a case requests. */
export class KeyStoreClient {
  readonly keyStore: KeyStoreTarget;
  readonly #target: Target;
  readonly #send: Send;

  constructor(target: Target, keyStore: KeyStoreTarget, send: Send) {
    this.keyStore = keyStore;
    this.#target = target;
    this.#send = send;
  }

  /** Sends a request. `fields` replace those of a good body; undefined removes a field. */
  call(operation: Operation, fields: JsonObject = {}, options: CallOptions = {}): Promise<Answer> {
    return this.send(operation, { ...options, body: this.#bodyOf(operation, fields) });
  }

  /** Like `call`, with `metadata` replacing fields of requestMetadata. */
  callWithMetadata(operation: Operation, metadata: JsonObject, fields: JsonObject = {}): Promise<Answer> {
    const requestMetadata = { ...this.#requestMetadata(operation), ...metadata };
    return this.call(operation, { ...fields, requestMetadata });
  }

  /** Sends these bytes as the body. */
  send(operation: Operation, options: CallOptions & { readonly body: Uint8Array }): Promise<Answer> {
    const { signing, agent } = options;
    return this.#send(this.#sign(operation, options), {
      showSignature: signing !== undefined,
      ...(agent && { agent }),
    });
  }

  /** Builds the request that `call` sends. */
  prepare(operation: Operation, fields: JsonObject = {}): WireRequest {
    return this.#sign(operation, { body: this.#bodyOf(operation, fields) });
  }

  #bodyOf(operation: Operation, fields: JsonObject): Buffer {
    const { requestMetadata, ...rest } = { ...this.goodBody(operation), ...fields };
    // requestMetadata is last, because a report cuts long requests, and the other fields matter more to a case.
    return Buffer.from(JSON.stringify({ ...rest, requestMetadata }));
  }

  #sign(operation: Operation, options: CallOptions & { readonly body: Uint8Array }): WireRequest {
    const { body, signing, headers = [], contentType = 'application/json' } = options;
    const chunked = headers.some(([name]) => name === 'transfer-encoding');
    const unsigned: WireRequest = {
      method: options.method ?? 'POST',
      path: options.path ?? this.pathOf(operation, options.keyId),
      headers: [
        ['host', this.#target.endpoint.url.host],
        ['content-type', contentType],
        ...(chunked ? [] : [['content-length', String(body.length)] as const]),
        ...headers,
      ],
      body,
    };
    const { region, clock } = this.#target;
    return signRequest(unsigned, { credential: this.keyStore.credential, region, time: clock() }, signing);
  }

  pathOf(operation: Operation, keyId = this.keyStore.keyId): string {
    const { uriPath } = this.keyStore;
    return operation === 'health' ? `${uriPath}/health` : `${uriPath}/keys/${keyId}/${operation}`;
  }

  /** Builds a body that the proxy must accept. Exception: a decrypt needs a ciphertext from the proxy. */
  goodBody(operation: Operation): JsonObject {
    const requestMetadata = this.#requestMetadata(operation);
    const algorithm = { encryptionAlgorithm: 'AES_GCM' };
    switch (operation) {
      case 'health':
      case 'metadata':
        return { requestMetadata };
      case 'encrypt':
        return { requestMetadata, ...algorithm, plaintext: base64('Hello World!') };
      case 'decrypt':
        return {
          requestMetadata,
          ...algorithm,
          ciphertext: base64(Buffer.alloc(12)),
          initializationVector: base64(Buffer.alloc(12)),
          authenticationTag: base64(Buffer.alloc(16)),
        };
    }
  }

  #requestMetadata(operation: Operation): JsonObject {
    const { principalArn: awsPrincipalArn, kmsKeyArn } = this.#target;
    const kmsRequestId = randomUUID();
    switch (operation) {
      case 'health':
        return { kmsRequestId, kmsOperation: 'KmsHealthCheck' };
      case 'metadata':
        return { awsPrincipalArn, kmsOperation: 'CreateKey', kmsRequestId };
      case 'encrypt':
        return { awsPrincipalArn, kmsKeyArn, kmsOperation: 'Encrypt', kmsRequestId };
      case 'decrypt':
        return { awsPrincipalArn, kmsKeyArn, kmsOperation: 'Decrypt', kmsRequestId };
    }
  }
}

export function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString('base64');
}
