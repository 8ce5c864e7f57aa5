import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Steps } from '../timing/steps.ts';
import { ask, cedar, CedarFailure } from './cedarInstance.ts';
import { describe, failure, indexOf, nameAt } from './cedarAnswers.ts';
import { cedarSchema } from './cedarSchema.ts';

export type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

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

// Cedar takes some 20 ms to validate so many characters, half of this time for the schema.
const CHARACTERS_AT_ONCE = 4_096;

// Cedar's stack of 1 MiB is full at 363 operators within one another.
const MAX_OPERATOR_DEPTH = 250;
// Each operator has two levels of JSON, and the rest of a policy has six.
const MAX_JSON_DEPTH = 2 * MAX_OPERATOR_DEPTH + 6;
const TOO_DEEP =
  `more than ${MAX_OPERATOR_DEPTH} operators are nested, which Cedar cannot evaluate (each && of a chain counts): ` +
  'compare with a set, or write several policies';

/** Parses a text as policies and validates them against the schema. */
export function* parsePolicies(text: string): Steps<ParsedPolicies> {
  try {
    return yield* parse(text);
  } catch (error) {
    if (!(error instanceof CedarFailure)) throw error;
    const message = 'Cedar cannot read these policies; perhaps an expression is nested too deeply';
    return { policies: [], problems: [{ message, policy: undefined, offset: 0 }] };
  }
}

function* parse(text: string): Steps<ParsedPolicies> {
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
    for (const { text: policy, offset } of slice) {
      const json = parsePolicy(policy);
      if (depthOf(json) > MAX_JSON_DEPTH) problems.push({ message: TOO_DEEP, policy: policies.length, offset });
      policies.push({ text: policy, offset, json });
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
  const answer = ask('validate', { schema: cedarSchema, policies: { staticPolicies: text } });
  if (answer.type === 'failure') return answer.errors.map((error) => problem(error));
  // Warnings count too, such as a forbid that never applies, or text that looks different from what it is.
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  return found.map(({ error, policyId }) => problem(error, policyId));
}

function depthOf(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0;
  return 1 + Math.max(0, ...Object.values(json).map(depthOf));
}

interface Part {
  readonly text: string;
  readonly offset: number;
  readonly end: number;
}

/** Splits a text into its policies, with their places. Returns undefined if the text has anything else. */
function splitPolicies(text: string): Part[] | undefined {
  const answer = ask('policySetTextToParts', text);
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

/** Parses the text of one valid policy. */
export function parsePolicy(text: string): PolicyJson {
  const answer = ask('policyToJson', text);
  if (answer.type === 'failure') throw failure(answer.errors);
  return answer.json;
}
