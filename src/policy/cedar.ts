import type {
  AuthorizationAnswer,
  CheckParseAnswer,
  EntityJson,
  PolicyJson,
  Response,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Steps } from '../timing/steps.ts';
import { describe, failure, indexOf } from './cedarAnswers.ts';
import { ask, cedar } from './cedarInstance.ts';
import type { CedarRequest, Entity } from './cedarRequest.ts';
import { cedarSchema } from './cedarSchema.ts';

/** Decision with the policies that decided. None of them if no policy permits. */
export interface CedarDecision {
  readonly decision: 'allow' | 'deny';
  readonly policyIds: readonly string[];
}

const SCHEMA_NAME = 'xks-proxy';

/** Loads Cedar and the schema, each of which takes some 50 ms the first time. */
export function* loadCedar(): Steps<void> {
  cedar();
  yield;
  requireSuccess(ask('preparseSchema', SCHEMA_NAME, cedarSchema));
  yield;
}

interface PolicyText {
  readonly id: string;
  readonly text: string;
}

/** Policies that Cedar has parsed and keeps. */
export class PreparedPolicies {
  // Cedar keeps policies by name, until other policies get the name.
  readonly #name = crypto.randomUUID();
  #policies: readonly PolicyText[];
  /** The instance of Cedar that keeps the policies. */
  #keeper: unknown;

  /** `policies` must be valid. */
  constructor(policies: readonly PolicyText[]) {
    this.#policies = policies;
    this.#prepare();
  }

  /** Decides a request. Throws if Cedar or a policy fails, because Cedar ignores a policy that fails, even a forbid. */
  decide(request: CedarRequest): CedarDecision {
    if (this.#keeper !== cedar()) this.#prepare();
    const answer = ask('statefulIsAuthorized', {
      ...toCall(request),
      preparsedPolicySetId: this.#name,
      preparsedSchemaName: SCHEMA_NAME,
      validateRequest: true,
    });
    const { decision, diagnostics } = responseOf(answer);
    const idOf = (name: string) => this.#policies[indexOf(name)]?.id ?? name;
    const [failed] = diagnostics.errors;
    if (failed) throw new Error(`${idOf(failed.policyId)}: ${describe(failed.error)}`);
    return { decision, policyIds: diagnostics.reason.map(idOf).sort() };
  }

  /** Frees the memory of the policies. They permit nothing afterwards. */
  release(): void {
    this.#policies = [];
    this.#prepare();
  }

  #prepare(): void {
    // All policies are one text, because Cedar takes four times as long to parse them one by one.
    const staticPolicies = this.#policies.map(({ text }) => text).join('\n');
    requireSuccess(ask('preparseSchema', SCHEMA_NAME, cedarSchema));
    requireSuccess(ask('preparsePolicySet', this.#name, { staticPolicies }));
    this.#keeper = cedar();
  }
}

/** Finds which permits are true of a request, and which fail for it. Only an invalid policy can fail. */
export function evaluate(
  policies: Readonly<Record<string, PolicyJson>>,
  request: CedarRequest,
): { readonly satisfied: readonly string[]; readonly failed: readonly string[] } {
  const answer = ask('isAuthorized', {
    ...toCall(request),
    policies: { staticPolicies: policies },
    schema: cedarSchema,
  });
  const { reason, errors } = responseOf(answer).diagnostics;
  return { satisfied: reason, failed: errors.map(({ policyId }) => policyId) };
}

/** Formats a policy as text. */
export function formatPolicy(policy: PolicyJson): string {
  const answer = ask('policyToText', policy);
  if (answer.type === 'failure') throw failure(answer.errors);
  return answer.text;
}

const OTHER_METADATA = { type: 'OtherMetadata', id: 'requestMetadata' };

function toCall({ principal, action, resource, context, otherMetadata }: CedarRequest) {
  return {
    principal: nameOf(principal),
    action: { type: 'Action', id: action },
    resource: nameOf(resource),
    context: { ...context, otherMetadata: { __entity: OTHER_METADATA } },
    entities: [
      toEntity(principal),
      { ...toEntity(resource), tags: { ...resource.tags } },
      { uid: OTHER_METADATA, attrs: {}, parents: [], tags: { ...otherMetadata } },
    ],
  };
}

function toEntity({ attributes, parents, ...name }: Entity): EntityJson {
  return { uid: nameOf(name), attrs: { ...attributes }, parents: parents.map(nameOf) };
}

function nameOf({ type, id }: { readonly type: string; readonly id: string }) {
  return { type, id };
}

function responseOf(answer: AuthorizationAnswer): Response {
  if (answer.type === 'failure') throw failure(answer.errors);
  return answer.response;
}

function requireSuccess(answer: CheckParseAnswer): void {
  if (answer.type === 'failure') throw failure(answer.errors);
}
