import type { SignedRequest } from '../../src/sigv4/signatureVerifier.ts';
import type { Json, Reply, Steps } from '../support/fakeXksProxy.ts';

/** Faults of a single step. */
export type FaultySteps = Partial<Steps>;

/** Replaces fields of a correct answer; `undefined` removes a field. */
export function answers(operation: string, change: Json): FaultySteps {
  return {
    reply: (reply, { path }) => {
      const good = reply.status === 200 && path.endsWith(operation);
      return good ? { ...reply, body: { ...(reply.body as Json), ...change } } : reply;
    },
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
export function amends(change: (body: Json) => Json): FaultySteps {
  return { amend: (body) => ({ ...body, ...change(body) }) };
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
