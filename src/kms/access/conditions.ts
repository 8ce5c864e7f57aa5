import { CONDITION_OPERATORS } from './conditionOperators.ts';

/** Values of condition keys, by key in lower case. Only set operators compare a key with several values. */
export type ConditionContext = ReadonlyMap<string, string | readonly string[]>;

/** One condition of a condition block. All conditions of a block must hold. */
export interface Condition {
  /** The name without set operator and `IfExists`, such as `StringEquals` or `Null`. */
  readonly operator: string;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

const OPERATOR = /^(?:(?<set>ForAllValues|ForAnyValue):)?(?<operator>[A-Za-z]+?)(?<ifExists>IfExists)?$/;

/** Splits an operator of a policy, such as `ForAnyValue:StringLikeIfExists`. Returns undefined if the text is not an operator. */
export function parseOperator(text: string): Pick<Condition, 'operator' | 'set' | 'ifExists'> | undefined {
  const { set, operator = '', ifExists } = OPERATOR.exec(text)?.groups ?? {};
  if (operator === 'Null' ? ifExists !== undefined : !CONDITION_OPERATORS.has(operator)) return undefined;
  return { operator, set: set as Condition['set'], ifExists: ifExists !== undefined };
}

/** `variables` says whether `${aws:username}` stands for a value, as in policies of version 2012-10-17. */
export function conditionsHold(
  conditions: readonly Condition[],
  context: ConditionContext,
  { variables }: { readonly variables: boolean },
): boolean {
  const variable = variableOf(context, variables);
  return conditions.every((condition) => holds(condition, context, variable));
}

/** Returns a look-up of policy variables. A variable stands for the value of a condition key that has one value. */
export function variableOf(context: ConditionContext, variables: boolean): (name: string) => string | undefined {
  return (name) => {
    if (!variables) return `\${${name}}`;
    const value = context.get(name.toLowerCase());
    return typeof value === 'string' ? value : undefined;
  };
}

type Variable = ReturnType<typeof variableOf>;

function holds(
  { operator: name, set, ifExists, key, values }: Condition,
  context: ConditionContext,
  variable: Variable,
) {
  const actual = context.get(key.toLowerCase());
  const present = actual === undefined ? [] : [actual].flat();
  // IAM User Guide, "Access Analyzer policy check reference": with a set operator, the result of Null is constant.
  if (name === 'Null' && set) return set === 'ForAllValues';
  if (name === 'Null') return values.some((value) => value.toLowerCase() === String(present.length === 0));
  const operator = CONDITION_OPERATORS.get(name);
  if (!operator) return false;
  // The patterns are read once, because both lists may have thousands of values.
  const matchers = values.map((value) => operator.read(value, variable));
  const test = (value: string): boolean => matchers.some((matches) => matches(value)) !== operator.negated;
  if (set === 'ForAnyValue') return present.some(test);
  if (set === 'ForAllValues') return present.every(test);
  if (present.length === 0) return ifExists || operator.negated;
  // AWS does not define a key with several values without a set operator. Here such a key satisfies nothing.
  if (typeof actual === 'object' && !SPELLINGS.test(key)) return false;
  return operator.negated ? present.every(test) : present.some(test);
}

/**
 * Condition keys that have one value, or several if a request contains names that differ only in case. Any of these values counts, so that
 * a caller cannot evade a denial.
 */
const SPELLINGS = /^(kms:EncryptionContext:|aws:RequestTag\/|aws:ResourceTag\/)/i;
