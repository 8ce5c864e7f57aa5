import type { ServerOptions } from 'node:https';
import type { SignedRequest } from '../../src/sigv4/signatureVerifier.ts';
import { decodeBase64 } from '../../src/xks/base64.ts';
import { XKS_ERROR_STATUS, type XksErrorName } from '../../src/xks/errors.ts';
import type { Json, Reply, Steps } from '../support/fakeXksProxySteps.ts';

/** Faults of single steps. With `tls`, the proxy serves HTTPS with these deviations from correct options. */
export type FaultySteps = Partial<Steps> & { readonly tls?: ServerOptions };

/** A requestMetadata that is complete for every operation. */
export const COMPLETE_METADATA = { kmsRequestId: 'r', kmsOperation: 'o', awsPrincipalArn: 'p', kmsKeyArn: 'k' };

/** Fields of a decrypt request that come from an encrypt. */
export const SEALED = ['ciphertext', 'initializationVector', 'authenticationTag'];

/** Replaces fields of a correct answer; `undefined` removes a field. */
export function answers(operation: string, change: Json | ((body: Json) => Json)): FaultySteps {
  return {
    reply: (reply, { path }) => {
      if (reply.status !== 200 || !path.endsWith(operation)) return reply;
      const body = reply.body as Json;
      return { ...reply, body: { ...body, ...(typeof change === 'function' ? change(body) : change) } };
    },
  };
}

/** Returns the status and the body of an error. */
export function errorReply(errorName: XksErrorName, errorMessage?: string): Pick<Reply, 'status' | 'body'> {
  return { status: XKS_ERROR_STATUS[errorName], body: { errorName, errorMessage } };
}

/** Changes errors with this errorName. */
export function misreports(errorName: string, change: Partial<Reply>): FaultySteps {
  return {
    reply: (reply) => ((reply.body as Json | undefined)?.['errorName'] === errorName ? { ...reply, ...change } : reply),
  };
}

/** Replaces replies with a status, for some requests or for all. */
export function replaces(
  status: number,
  change: Partial<Reply>,
  where: (request: SignedRequest) => boolean = () => true,
): FaultySteps {
  return {
    reply: (reply, request) => (reply.status === status && where(request) ? { ...reply, ...change } : reply),
  };
}

/** Changes the fields of the body before they are validated. */
export function amends(change: (body: Json, operation: string) => Json): FaultySteps {
  return { amend: (body, operation) => ({ ...body, ...change(body, operation) }) };
}

/** Lets a library throw because of some bodies, which the proxy answers with InternalException. */
export function throwsFor(unexpected: (body: Json, operation: string) => boolean): FaultySteps {
  return amends((body, operation) => {
    if (unexpected(body, operation)) throw new TypeError('unexpected');
    return {};
  });
}

/** Refuses valid requests because of a value in their requestMetadata. */
export function refuses(unwanted: (metadata: Json) => boolean): FaultySteps {
  return {
    amend: (body) => {
      const { requestMetadata } = body;
      const refused = typeof requestMetadata === 'object' && requestMetadata && unwanted(requestMetadata as Json);
      return refused ? { ...body, requestMetadata: undefined } : body;
    },
  };
}

/** Serves another path like the right one, whichever path was signed. */
export function serves(respell: (path: string) => string): FaultySteps {
  const respelled = new WeakSet<SignedRequest>();
  return {
    receive: (request) => {
      const path = respell(request.path);
      if (path === request.path) return request;
      const changed = { ...request, path };
      respelled.add(changed);
      return changed;
    },
    trusts: (request) => respelled.has(request),
  };
}

/** Serves requests with this header without checking their signature. */
export function trusts(name: string, pattern: RegExp): FaultySteps {
  return { trusts: ({ headers }) => pattern.test(headers.get(name) ?? '') };
}

/** Serves requests whose x-amz-date differs from now by these minutes, without checking their signature. */
export function trustsAge(fromMinutes: number, toMinutes: number): FaultySteps {
  return { trusts: ({ headers }) => isBetween(ageInMinutes(headers), fromMinutes, toMinutes) };
}

export function ageInMinutes(headers: SignedRequest['headers']): number {
  const text = headers.get('x-amz-date') ?? '';
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return Math.abs(Date.now() - Date.parse(iso)) / 60_000;
}

function isBetween(value: number, from: number, to: number): boolean {
  return value > from && value < to;
}

/** Decodes a field of a body. Returns undefined unless it is Base64. */
export function bytesOf(body: Json, field: string): Buffer | undefined {
  const text = body[field];
  return typeof text === 'string' ? decodeBase64(text) : undefined;
}
