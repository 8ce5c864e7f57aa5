import type { Condition } from './conditions.ts';

/** A policy whose elements are well-formed. IAM User Guide, "IAM JSON policy elements reference". */
export interface Policy {
  /** Whether `${aws:username}` stands for a value. */
  readonly variables: boolean;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Principals as a key policy has them; `*` is everyone. Undefined in an identity policy. */
  readonly principals: Elements | undefined;
  readonly actions: Elements;
  /** Undefined in a key policy's statement without resource, which applies to no key. */
  readonly resources: Elements | undefined;
  readonly conditions: readonly Condition[];
}

/** What an element such as Action lists, or all but what one such as NotAction lists. */
export interface Elements {
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** A policy that allows some principals everything. */
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
