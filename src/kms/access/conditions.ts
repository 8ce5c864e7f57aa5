import { CONDITION_OPERATORS } from './conditionOperators.ts';

/** Values of condition keys, by the keys in lower case. A key with several values is compared by set operators alone. */
export type ConditionContext = ReadonlyMap<string, string | readonly string[]>;

/** A line of a condition block: all must hold. */
export interface Condition {
  /** Without set operator and `IfExists`: `StringEquals`, or `Null`. */
  readonly operator: string;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

const OPERATOR = /^(?:(?<set>ForAllValues|ForAnyValue):)?(?<operator>[A-Za-z]+?)(?<ifExists>IfExists)?$/;

/** The parts of an operator as policies have it, such as `ForAnyValue:StringLikeIfExists`; undefined for any other text. */
export function parseOperator(text: string): Pick<Condition, 'operator' | 'set' | 'ifExists'> | undefined {
  const { set, operator = '', ifExists } = OPERATOR.exec(text)?.groups ?? {};
  if (operator === 'Null' ? ifExists !== undefined : !CONDITION_OPERATORS.has(operator)) return undefined;
  return { operator, set: set as Condition['set'], ifExists: ifExists !== undefined };
}

/** `variables`: whether `${aws:username}` stands for a value, as in policies of version 2012-10-17. */
export function conditionsHold(
  conditions: readonly Condition[],
  context: ConditionContext,
  { variables }: { readonly variables: boolean },
): boolean {
  const variable = variableOf(context, variables);
  return conditions.every((condition) => holds(condition, context, variable));
}

/** The values that policy variables stand for: those of keys with one value. */
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
  // IAM User Guide, "Access Analyzer policy check reference": set operators make Null true or false for good.
  if (name === 'Null' && set) return set === 'ForAllValues';
  if (name === 'Null') return values.some((value) => value.toLowerCase() === String(present.length === 0));
  const operator = CONDITION_OPERATORS.get(name);
  if (!operator) return false;
  // Both lists may have thousands of values.
  const matchers = values.map((value) => operator.read(value, variable));
  const test = (value: string): boolean => matchers.some((matches) => matches(value)) !== operator.negated;
  if (set === 'ForAnyValue') return present.some(test);
  if (set === 'ForAllValues') return present.every(test);
  if (present.length === 0) return ifExists || operator.negated;
  // AWS leaves open what a key of several values is without a set operator; here it satisfies nothing.
  if (typeof actual === 'object' && !SPELLINGS.test(key)) return false;
  return operator.negated ? present.every(test) : present.some(test);
}

/** Keys with one value, but several if a request has keys that differ in case alone. Then any of them counts, so that no denial is evaded. */
const SPELLINGS = /^(kms:EncryptionContext:|aws:RequestTag\/|aws:ResourceTag\/)/i;
