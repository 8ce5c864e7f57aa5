import type { Steps } from '../timing/steps.ts';
import { parsePolicies, type ParsedPolicy } from './parsePolicies.ts';
import { neverTrue, type PolicyRemarks } from './neverTrue.ts';

/** Valid policy set, as plain data. */
export interface PolicySet {
  /** File name in the configuration. */
  readonly file: string;
  readonly policies: readonly Policy[];
}

export interface Policy {
  /** `@id` of the policy, unique in the set. */
  readonly id: string;
  readonly text: string;
}

/** Policy set, with remarks from its parsing. */
export interface LoadedPolicies {
  readonly policySet: PolicySet;
  readonly remarks: PolicyRemarks;
}

/** Thrown with all problems of a policy set, each with file and line. */
export class PolicySetError extends Error {
  override readonly name = 'PolicySetError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Parses and validates a policy set. Throws PolicySetError. `file` is for messages. */
export function* loadPolicySet(text: string, file: string): Steps<LoadedPolicies> {
  const { policies, problems } = yield* parsePolicies(text);
  const named = policies.map((policy) => ({ ...policy, id: policy.json.annotations?.['id'] ?? '' }));
  const taken = new Set<string>();
  const at = (offset: number, message: string) => ({ offset, message });
  const all = [
    ...problems.map(({ message, policy, offset }) => {
      const id = policy === undefined ? '' : named[policy]?.id;
      return at(offset, id ? `in "${id}": ${message}` : message);
    }),
    ...named.flatMap(({ id, offset }) => {
      if (!ID_PATTERN.test(id)) return [at(offset, `the policy must have an @id("..."), ${ID_RULE}; the log names it`)];
      if (taken.has(id)) return [at(offset, `the policy has the same @id as another one: ${id}`)];
      taken.add(id);
      return [];
    }),
  ];
  if (all.length === 0 && named.length === 0) all.push(at(0, 'there is no policy, so nothing would be permitted'));
  if (all.length === 0) {
    const policySet = { file, policies: named.map(({ id, text }) => ({ id, text })) };
    return { policySet, remarks: yield* remarksOn(named) };
  }
  const inOrder = all.toSorted((a, b) => a.offset - b.offset);
  let [line, from] = [1, 0];
  const lines = inOrder.map(({ offset, message }) => {
    line += text.slice(from, offset).split('\n').length - 1;
    from = offset;
    return `${file}:${line}: ${message}`;
  });
  throw new PolicySetError([...new Set(lines)]);
}

function* remarksOn(policies: readonly (ParsedPolicy & { readonly id: string })[]): Steps<PolicyRemarks> {
  const all: PolicyRemarks[] = [];
  for (const { id, json } of policies) {
    all.push(neverTrue(id, json));
    yield;
  }
  const permits = policies.some(({ json }) => json.effect === 'permit');
  return {
    warnings: [
      ...(permits ? [] : ['there is no permit, so every request is denied']),
      ...all.flatMap(({ warnings }) => warnings),
    ],
    named: all.flatMap(({ named }) => named),
    tags: all.flatMap(({ tags }) => tags),
  };
}

// Ids appear in log records, and as names in YAML.
const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const ID_RULE = '1 to 100 characters of A-Za-z0-9._-';
