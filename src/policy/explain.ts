import { evaluate, formatPolicy } from './cedar.ts';
import { parsePolicy, type PolicyJson } from './parsePolicies.ts';
import type { PolicySet } from './policySet.ts';
import { requestOf, type PolicySubject } from './requestOf.ts';

/** Reason why a permit does not apply to a request. */
export interface Explanation {
  readonly policyId: string;
  /** The parts of the policy that are not true of the request, as Cedar text. */
  readonly unmet: readonly string[];
}

type Condition = PolicyJson['conditions'][number];

/** Explains the permits that do not apply to a request, the closest ones first. */
export function explain({ policies }: PolicySet, subject: PolicySubject): Explanation[] {
  const request = requestOf(subject);
  const permits = policies
    .map(({ id, text }) => ({ policyId: id, policy: parsePolicy(text) }))
    .filter(({ policy }) => policy.effect === 'permit');
  return permits
    .map(({ policyId, policy }) => {
      const parts = partsOf(policy);
      const { satisfied, failed } = evaluate(
        Object.fromEntries(parts.map(({ policy }, index) => [index, policy])),
        request,
      );
      // A part can fail only if another part, which checks that an attribute exists, is not true.
      const unmet = parts.filter((_, index) => ![...satisfied, ...failed].includes(String(index)));
      return { policyId, unmet: unmet.map(({ text }) => text) };
    })
    .filter(({ unmet }) => unmet.length > 0)
    .toSorted((a, b) => a.unmet.length - b.unmet.length);
}

const ANY: PolicyJson = {
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [],
};

/** Splits a policy into parts that are all true exactly when the policy is. */
function partsOf({ principal, action, resource, conditions }: PolicyJson) {
  const part = (change: Partial<PolicyJson>, before: string, after: string) => {
    const policy = { ...ANY, ...change };
    return { policy, text: formatPolicy(policy).slice(before.length, -after.length) };
  };
  return [
    part({ principal }, 'permit(', ', action, resource);'),
    part({ action }, 'permit(principal, ', ', resource);'),
    part({ resource }, 'permit(principal, action, ', ');'),
    ...conditions
      .flatMap(splitCondition)
      .map((condition) => part({ conditions: [condition] }, 'permit(principal, action, resource) ', ';')),
  ];
}

// `when { a && b }` is `when { a } when { b }`, and `unless { a || b }` is `unless { a } unless { b }`.
export function splitCondition({ kind, body }: Condition): Condition[] {
  const operands = kind === 'when' ? '&&' in body && body['&&'] : '||' in body && body['||'];
  if (!operands) return [{ kind, body }];
  const { left, right } = operands as { left: Condition['body']; right: Condition['body'] };
  return [...splitCondition({ kind, body: left }), ...splitCondition({ kind, body: right })];
}
