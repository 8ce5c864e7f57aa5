import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type {
  AuthorizationAnswer,
  CheckParseAnswer,
  DetailedError,
  EntityJson,
  PolicyJson,
  Response,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Steps } from '../timing/steps.ts';
import type { CedarRequest, Entity } from './cedarRequest.ts';
import { cedarSchema } from './cedarSchema.ts';

export type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

const require = createRequire(import.meta.url);

// V8 optimizes a WebAssembly function once it has run about this many bytes of it. The default of 13 million is reached while policies
// are loaded, and malloc keeps the 25 MiB that the optimization takes. Functions that decide requests are still optimized.
const OPTIMIZED_AFTER_BYTES = 500_000_000;
setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZED_AFTER_BYTES}`);

/** Returns Cedar. It takes a sixth of the start of a process, so it is loaded only with the first policy. */
function cedar(): typeof import('@cedar-policy/cedar-wasm/nodejs') {
  return require('@cedar-policy/cedar-wasm/nodejs') as typeof import('@cedar-policy/cedar-wasm/nodejs');
}

export interface ParsedPolicies {
  /** Policies in the order of the text. Empty if the text cannot be parsed. */
  readonly policies: readonly ParsedPolicy[];
  readonly problems: readonly CedarProblem[];
}

export interface ParsedPolicy {
  readonly text: string;
  /** Start of the policy in the text of the set, in UTF-16 code units. */
  readonly offset: number;
  readonly json: PolicyJson;
}

export interface CedarProblem {
  readonly message: string;
  /** Index of the policy with the problem, if the problem belongs to a policy. */
  readonly policy: number | undefined;
  /** Place in the text, in UTF-16 code units. */
  readonly offset: number;
}

/** Decision with the policies that decided. None of them if no policy permits. */
export interface CedarDecision {
  readonly decision: 'allow' | 'deny';
  readonly policyIds: readonly string[];
}

// Cedar takes some 20 ms to validate so many characters, half of this time for the schema.
const CHARACTERS_AT_ONCE = 4_096;

/** Parses a text as policies and validates them against the schema. */
export function* parsePolicies(text: string): Steps<ParsedPolicies> {
  cedar();
  yield;
  const parts = splitPolicies(text);
  yield;
  if (!parts) return { policies: [], problems: validate(text) };
  const policies: ParsedPolicy[] = [];
  const problems: CedarProblem[] = [];
  for (const slice of Map.groupBy(parts, ({ offset }) => Math.floor(offset / CHARACTERS_AT_ONCE)).values()) {
    const [start, end] = [slice[0]?.offset ?? 0, slice.at(-1)?.end];
    const found = validate(text.slice(start, end));
    const before = policies.length;
    for (const { message, policy, offset } of found) {
      problems.push({ message, policy: policy === undefined ? undefined : before + policy, offset: start + offset });
    }
    yield;
    for (const part of slice) {
      policies.push({ text: part.text, offset: part.offset, json: parsePolicy(part.text) });
      yield;
    }
  }
  return { policies, problems };
}

function validate(text: string): CedarProblem[] {
  const bytes = Buffer.from(text);
  const problem = (error: DetailedError, policyId?: string): CedarProblem => ({
    message: describe(error).replace(`for policy \`${policyId ?? ''}\`, `, ''),
    policy: policyId === undefined ? undefined : indexOf(policyId),
    offset: bytes.toString('utf8', 0, error.sourceLocations?.[0]?.start ?? 0).length,
  });
  const answer = cedar().validate({ schema: cedarSchema, policies: { staticPolicies: text } });
  if (answer.type === 'failure') return answer.errors.map((error) => problem(error));
  // Warnings count too, such as a forbid that never applies, or text that looks different from what it is.
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  return found.map(({ error, policyId }) => problem(error, policyId));
}

interface Part {
  readonly text: string;
  readonly offset: number;
  readonly end: number;
}

/** Splits a text into its policies, with their places. Returns undefined if the text has anything else. */
function splitPolicies(text: string): Part[] | undefined {
  const answer = cedar().policySetTextToParts(text);
  if (answer.type === 'failure' || answer.policy_templates.length > 0) return undefined;
  // Cedar returns the policies in the order of their names, where policy10 comes before policy2.
  const ranks = answer.policies.map((_, index) => nameAt(index)).sort();
  const texts: string[] = [];
  for (const [rank, policy] of answer.policies.entries()) texts[indexOf(ranks[rank] ?? '')] = policy;
  // Between policies there is only white space and comments.
  const between = /(?:\s|\/\/[^\n]*)*/y;
  let end = 0;
  return texts.map((policy) => {
    between.lastIndex = end;
    between.exec(text);
    const offset = between.lastIndex;
    end = offset + policy.length;
    return { text: policy, offset, end };
  });
}

/** Returns the name that Cedar gives to the policy with this index in a text. */
function nameAt(index: number): string {
  return `policy${index}`;
}

function indexOf(name: string): number {
  return Number(name.replace('policy', ''));
}

/** Parses the text of one valid policy. */
export function parsePolicy(text: string): PolicyJson {
  const answer = cedar().policyToJson(text);
  if (answer.type === 'failure') throw failure(answer.errors);
  return answer.json;
}

const SCHEMA_NAME = 'xks-proxy';

/** Loads Cedar and the schema, each of which takes some 50 ms the first time. */
export function* loadCedar(): Steps<void> {
  cedar();
  yield;
  requireSuccess(cedar().preparseSchema(SCHEMA_NAME, cedarSchema));
  yield;
}

/** Policies that Cedar has parsed and keeps. */
export class PreparedPolicies {
  // Cedar keeps policies by name, until other policies get the name.
  readonly #name = crypto.randomUUID();
  readonly #ids: readonly string[];

  /** `policies` must be valid. */
  constructor(policies: readonly { readonly id: string; readonly text: string }[]) {
    this.#ids = policies.map(({ id }) => id);
    // All policies are one text, because Cedar takes four times as long to parse them one by one.
    const text = policies.map((policy) => policy.text).join('\n');
    requireSuccess(cedar().preparseSchema(SCHEMA_NAME, cedarSchema));
    requireSuccess(cedar().preparsePolicySet(this.#name, { staticPolicies: text }));
  }

  /** Decides a request. Throws if Cedar or a policy fails, because Cedar ignores a policy that fails, even a forbid. */
  decide(request: CedarRequest): CedarDecision {
    const answer = cedar().statefulIsAuthorized({
      ...toCall(request),
      preparsedPolicySetId: this.#name,
      preparsedSchemaName: SCHEMA_NAME,
      validateRequest: true,
    });
    const { decision, diagnostics } = responseOf(answer);
    const idOf = (name: string) => this.#ids[indexOf(name)] ?? name;
    const [failed] = diagnostics.errors;
    if (failed) throw new Error(`${idOf(failed.policyId)}: ${describe(failed.error)}`);
    return { decision, policyIds: diagnostics.reason.map(idOf).sort() };
  }

  /** Frees the memory of the policies. They permit nothing afterwards. */
  release(): void {
    cedar().preparsePolicySet(this.#name, { staticPolicies: {} });
  }
}

/** Finds which permits are true of a request, and which fail for it. Only an invalid policy can fail. */
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

/** Formats a policy as text. */
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

function responseOf(answer: AuthorizationAnswer): Response {
  if (answer.type === 'failure') throw failure(answer.errors);
  return answer.response;
}

function requireSuccess(answer: CheckParseAnswer): void {
  if (answer.type === 'failure') throw failure(answer.errors);
}

function failure(errors: readonly DetailedError[]): Error {
  return new Error(errors.map(describe).join('; '));
}

function describe({ message, help, sourceLocations = [] }: DetailedError): string {
  return [message, sourceLocations[0]?.label, help].filter((part) => typeof part === 'string').join('; ');
}
