import { BlockList, isIP } from 'node:net';
import { matchesPattern, type PatternRules } from './pattern.ts';

type Variable = PatternRules['variable'];

/** Whether one value of a condition key and one value of a policy satisfy an operator. */
export interface ConditionOperator {
  readonly test: (expected: string, actual: string, variable: Variable) => boolean;
  /** Whether it is the opposite of `test`: then no value of the policy may satisfy that, and a key without a value satisfies it. */
  readonly negated: boolean;
}

/** Condition operators, except Null, by their names. IAM User Guide, "IAM JSON policy elements: Condition operators". */
export const CONDITION_OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map([
  ...pair('StringEquals', 'StringNotEquals', text({ wildcards: false })),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', text({ wildcards: false, ignoreCase: true })),
  ...pair('StringLike', 'StringNotLike', text({ wildcards: true })),
  ...pair('ArnEquals', 'ArnNotEquals', arn),
  ...pair('ArnLike', 'ArnNotLike', arn),
  ...pair(
    'NumericEquals',
    'NumericNotEquals',
    ordered(Number, (a, b) => a === b),
  ),
  ...one(
    'NumericLessThan',
    ordered(Number, (a, b) => a < b),
  ),
  ...one(
    'NumericLessThanEquals',
    ordered(Number, (a, b) => a <= b),
  ),
  ...one(
    'NumericGreaterThan',
    ordered(Number, (a, b) => a > b),
  ),
  ...one(
    'NumericGreaterThanEquals',
    ordered(Number, (a, b) => a >= b),
  ),
  ...pair(
    'DateEquals',
    'DateNotEquals',
    ordered(time, (a, b) => a === b),
  ),
  ...one(
    'DateLessThan',
    ordered(time, (a, b) => a < b),
  ),
  ...one(
    'DateLessThanEquals',
    ordered(time, (a, b) => a <= b),
  ),
  ...one(
    'DateGreaterThan',
    ordered(time, (a, b) => a > b),
  ),
  ...one(
    'DateGreaterThanEquals',
    ordered(time, (a, b) => a >= b),
  ),
  ...one('Bool', text({ wildcards: false, ignoreCase: true })),
  ...one('BinaryEquals', text({ wildcards: false })),
  ...pair('IpAddress', 'NotIpAddress', isInBlock),
]);

type Test = ConditionOperator['test'];
type Entry = readonly [name: string, operator: ConditionOperator];

function one(name: string, test: Test): Entry[] {
  return [[name, { test, negated: false }]];
}

function pair(name: string, opposite: string, test: Test): Entry[] {
  return [...one(name, test), [opposite, { test, negated: true }]];
}

function text(rules: Omit<PatternRules, 'variable'>): Test {
  return (expected, actual, variable) => matchesPattern(expected, actual, { ...rules, variable });
}

const ARN_PARTS = 6;

/** Each of the six parts of an ARN is a pattern of its own. */
function arn(expected: string, actual: string, variable: Variable): boolean {
  const parts = arnParts(actual);
  const patterns = arnParts(expected);
  const matches = (pattern: string, index: number): boolean =>
    matchesPattern(pattern, parts[index] ?? '', { wildcards: true, variable });
  return parts.length === ARN_PARTS && patterns.length === ARN_PARTS && patterns.every(matches);
}

/** The last part has all that is after the fifth colon. The colons of policy variables separate nothing. */
function arnParts(text: string): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(/\$\{[^}]*\}|./gsu)) {
    if (piece === ':' && parts.length < ARN_PARTS) parts.push('');
    else parts.push((parts.pop() ?? '') + piece);
  }
  return parts;
}

function ordered(read: (text: string) => number, compare: (actual: number, expected: number) => boolean): Test {
  return (expected, actual) => compare(read(actual), read(expected));
}

/** Milliseconds of an ISO 8601 date, or of seconds since the epoch. */
function time(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) && text.length > 4 ? Number(text) * 1000 : Date.parse(text);
}

function isInBlock(expected: string, actual: string): boolean {
  const [address = '', bits] = expected.split('/');
  const family = familyOf(address);
  if (family === undefined || familyOf(actual) !== family) return false;
  const block = new BlockList();
  block.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  return block.check(actual, family);
}

/** Whether a policy may have this text as an address or a block of addresses. */
export function isAddressBlock(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  return family !== undefined && Number(bits ?? 0) <= (family === 'ipv4' ? 32 : 128);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}
