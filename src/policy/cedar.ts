import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type {
  AuthorizationAnswer,
  DetailedError,
  EntityJson,
  PolicyJson,
  Response,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRequest, Entity } from './cedarRequest.ts';
import { cedarSchema } from './cedarSchema.ts';

export type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

const require = createRequire(import.meta.url);

// V8 optimizes a WebAssembly function once it has run about this many bytes of it. The default of 13 million is reached while policies
// are loaded, and malloc keeps the 25 MiB that the optimization takes. Functions that decide requests are still optimized.
const OPTIMIZED_AFTER_BYTES = 500_000_000;
setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZED_AFTER_BYTES}`);

/** Cedar, which takes a sixth of the start of a process: it is loaded with the first policy. */
function cedar(): typeof import('@cedar-policy/cedar-wasm/nodejs') {
  return require('@cedar-policy/cedar-wasm/nodejs') as typeof import('@cedar-policy/cedar-wasm/nodejs');
}

export interface ParsedPolicies {
  /** In the order of the text; none if it cannot be parsed. */
  readonly policies: readonly ParsedPolicy[];
  readonly problems: readonly CedarProblem[];
}

export interface ParsedPolicy {
  readonly text: string;
  readonly json: PolicyJson;
}

export interface CedarProblem {
  readonly message: string;
  /** Index of the policy that has it, if it is one's. */
  readonly policy: number | undefined;
  /** Place in the text, in UTF-16 code units. */
  readonly offset: number;
}

/** The policies that decided; none if no policy permits. */
export interface CedarDecision {
  readonly decision: 'allow' | 'deny';
  readonly policyIds: readonly string[];
}

/** Parses a text as policies and validates them against the schema. */
export function parsePolicies(text: string): ParsedPolicies {
  const bytes = Buffer.from(text);
  const problem = (error: DetailedError, policyId?: string): CedarProblem => ({
    message: describe(error).replace(`for policy \`${policyId ?? ''}\`, `, ''),
    policy: policyId === undefined ? undefined : Number(policyId.replace('policy', '')),
    offset: bytes.toString('utf8', 0, error.sourceLocations?.[0]?.start ?? 0).length,
  });
  const answer = cedar().validate({ schema: cedarSchema, policies: { staticPolicies: text } });
  if (answer.type === 'failure') return { policies: [], problems: answer.errors.map((error) => problem(error)) };
  // Warnings too: a forbid that never applies, or text that does not read as it is.
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  return { policies: splitPolicies(text), problems: found.map(({ error, policyId }) => problem(error, policyId)) };
}

// Cedar names the policies of a text policy0, policy1 and so on, and hands them out in the order of these names.
function splitPolicies(text: string): ParsedPolicy[] {
  const parts = cedar().policySetTextToParts(text);
  if (parts.type === 'failure') throw failure(parts.errors);
  const ranks = parts.policies.map((_, index) => String(index)).sort();
  const parsed = parts.policies.map((part, rank) => ({ index: Number(ranks[rank]), policy: parsePolicy(part) }));
  return parsed.sort((a, b) => a.index - b.index).map(({ policy }) => policy);
}

/** Of the text of one valid policy. */
export function parsePolicy(text: string): ParsedPolicy {
  const answer = cedar().policyToJson(text);
  if (answer.type === 'failure') throw failure(answer.errors);
  return { text, json: answer.json };
}

const SCHEMA_NAME = 'xks-proxy';

/** Policies that Cedar keeps parsed. */
export class PreparedPolicies {
  // Cedar keeps them by name, until the name is given another meaning.
  readonly #name = crypto.randomUUID();

  /** `policies`: texts by id, which are valid. */
  constructor(policies: Readonly<Record<string, string>>) {
    for (const answer of [
      cedar().preparseSchema(SCHEMA_NAME, cedarSchema),
      cedar().preparsePolicySet(this.#name, { staticPolicies: policies }),
    ]) {
      if (answer.type === 'failure') throw failure(answer.errors);
    }
  }

  /** Throws if Cedar fails, or a policy does: Cedar passes over such a one, be it a forbid. */
  decide(request: CedarRequest): CedarDecision {
    return toDecision(
      cedar().statefulIsAuthorized({
        ...toCall(request),
        preparsedPolicySetId: this.#name,
        preparsedSchemaName: SCHEMA_NAME,
        validateRequest: true,
      }),
    );
  }

  /** Frees their memory; from then on they permit nothing. */
  release(): void {
    cedar().preparsePolicySet(this.#name, { staticPolicies: {} });
  }
}

/** Which policies are true of a request, and which fail of it, as only those do that are not valid. `policies` permit. */
export function evaluate(
  policies: Readonly<Record<string, PolicyJson>>,
  request: CedarRequest,
): { readonly satisfied: readonly string[]; readonly failed: readonly string[] } {
  const answer = cedar().isAuthorized({
    ...toCall(request),
    policies: { staticPolicies: policies },
    schema: cedarSchema,
  });
  const { reason, errors } = responseOf(answer).diagnostics;
  return { satisfied: reason, failed: errors.map(({ policyId }) => policyId) };
}

/** The text of a policy. */
export function formatPolicy(policy: PolicyJson): string {
  const answer = cedar().policyToText(policy);
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

function toDecision(answer: AuthorizationAnswer): CedarDecision {
  const { decision, diagnostics } = responseOf(answer);
  const [failed] = diagnostics.errors;
  if (failed) throw new Error(`${failed.policyId}: ${describe(failed.error)}`);
  return { decision, policyIds: diagnostics.reason.toSorted() };
}

function responseOf(answer: AuthorizationAnswer): Response {
  if (answer.type === 'failure') throw failure(answer.errors);
  return answer.response;
}

function failure(errors: readonly DetailedError[]): Error {
  return new Error(errors.map(describe).join('; '));
}

function describe({ message, help, sourceLocations = [] }: DetailedError): string {
  return [message, sourceLocations[0]?.label, help].filter((part) => typeof part === 'string').join('; ');
}
