import type { Condition } from './conditions.ts';

/** A policy whose elements are well-formed. IAM User Guide, "IAM JSON policy elements reference". */
export interface Policy {
  /** Whether `${aws:username}` stands for a value. */
  readonly variables: boolean;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Principals of a key policy, where `*` is everyone. Undefined in an identity policy. */
  readonly principals: Elements | undefined;
  readonly actions: Elements;
  /** Undefined if a statement of a key policy has no resource. Such a statement applies to no key. */
  readonly resources: Elements | undefined;
  readonly conditions: readonly Condition[];
}

/** The values that an element such as Action lists. If negated, as in NotAction, the element means all values except these. */
export interface Elements {
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** Returns a policy that allows the principals everything. */
export function allowing(principals: readonly string[]): Policy {
  const everything = { negated: false, values: ['*'] };
  const statement: Statement = {
    effect: 'Allow',
    principals: { negated: false, values: principals },
    actions: everything,
    resources: everything,
    conditions: [],
  };
  return { variables: false, statements: [statement] };
}
