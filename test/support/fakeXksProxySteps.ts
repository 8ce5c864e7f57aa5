import { createDecipheriv, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AuthenticationCheck } from '../../src/sigv4/authenticationFailure.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import type { SignedRequest } from '../../src/sigv4/signatureVerifier.ts';
import { frameAad } from '../../src/xks/aad.ts';

export type Json = Record<string, unknown>;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A body that is sent as JSON, or no body if undefined. */
  readonly body: unknown;
  /** Sends the beginning of the body and no end. */
  readonly isEndless?: boolean;
}

/** Decoded fields of a decrypt request. */
export interface SealedBytes {
  readonly ciphertext: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
}

/** The steps in which a test can put a fault. Each is correct by default. */
export interface Steps {
  /** Routes the request. */
  receive: (request: SignedRequest) => SignedRequest;
  /** Decides whether a request is served even if its authentication fails. `credential` is that of the key store. */
  trusts: (request: SignedRequest, credential: Credential) => boolean;
  /** Decides whether a request is served although this check of its authentication has failed. */
  ignores: (check: AuthenticationCheck) => boolean;
  parse: (body: Uint8Array) => unknown;
  /** Changes the body before it is validated. */
  amend: (body: Json, operation: string) => Json;
  frameAad: (aad: Buffer, metadata: Buffer) => Buffer;
  newIv: () => Buffer;
  /** Decrypts. Throws if the ciphertext does not verify. */
  open: (key: Buffer, sealed: SealedBytes, aad: Buffer) => Buffer;
  /** Changes the reply. Undefined means no reply at all. */
  reply: (reply: Reply, request: SignedRequest) => Reply | undefined;
  /** Writes the reply to the connection. */
  send: (reply: Reply, response: ServerResponse) => void;
}

export const RIGHT_STEPS: Steps = {
  receive: (request) => request,
  trusts: () => false,
  ignores: () => false,
  parse: (body) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown,
  amend: (body) => body,
  frameAad,
  newIv: () => randomBytes(12),
  open: (key, { ciphertext, iv, tag }, aad) => {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(aad).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  },
  reply: (reply) => reply,
  send: ({ status, headers, body, isEndless }, response) => {
    response.writeHead(status, { ...headers });
    if (isEndless) response.write(' ');
    else response.end(body && JSON.stringify(body));
  },
};
