import type { CedarRequest, Texts } from './cedarRequest.ts';
import type { Decision } from './policyEngine.ts';
import { requestOf, type PolicySubject } from './requestOf.ts';

/** Decision in the form of the log. */
export interface DecisionRecord {
  readonly decision: 'allow' | 'deny';
  /** `@id` of the policies that decided. Empty if no policy permits, or the engine failed. */
  readonly policies: readonly string[];
  /** Error of the engine. */
  readonly error?: string;
  /** For a denial, the request as the policies see it, abridged. */
  readonly request?: object;
}

const MAX_POLICIES = 20;
const MAX_ENTRIES = 50;
const MAX_CHARACTERS = 512;

export function decisionRecord({ allowed, policyIds, error }: Decision, subject: PolicySubject): DecisionRecord {
  return {
    decision: allowed ? 'allow' : 'deny',
    policies: policyIds.slice(0, MAX_POLICIES),
    ...(error === undefined ? {} : { error: cut(error) }),
    ...(allowed ? {} : { request: describeRequest(requestOf(subject)) }),
  };
}

/** Describes the request as the policies see it, abridged. */
export function describeRequest({ principal, action, resource, context, otherMetadata }: CedarRequest): object {
  return {
    principal: { type: principal.type, ...abridge(principal.attributes) },
    action,
    resource: { ...abridge(resource.attributes), tags: abridge(resource.tags) },
    context: { ...abridge(context), otherMetadata: abridge(otherMetadata) },
  };
}

function abridge(texts: Texts): Texts {
  const entries = Object.entries(texts).slice(0, MAX_ENTRIES);
  return Object.fromEntries(entries.map(([name, text]) => [cut(name), cut(text)]));
}

function cut(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}...`;
}
