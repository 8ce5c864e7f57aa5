import { BlockList, isIP } from 'node:net';
import { readPattern, type Matcher, type PatternRules } from './pattern.ts';

type Variable = PatternRules['variable'];

export interface ConditionOperator {
  /** Reads one value of a policy. The matcher is then applied to values of a condition key. */
  readonly read: (expected: string, variable: Variable) => Matcher;
  /**
   * Whether this is a negated operator, such as StringNotEquals: no value of the policy may match, and a key without a value satisfies it.
   */
  readonly negated: boolean;
}

/** Condition operators except Null, by name. IAM User Guide, "IAM JSON policy elements: Condition operators". */
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
  ...pair('IpAddress', 'NotIpAddress', addressBlock),
]);

type Read = ConditionOperator['read'];
type Entry = readonly [name: string, operator: ConditionOperator];

function one(name: string, read: Read): Entry[] {
  return [[name, { read, negated: false }]];
}

function pair(name: string, opposite: string, read: Read): Entry[] {
  return [...one(name, read), [opposite, { read, negated: true }]];
}

function text(rules: Omit<PatternRules, 'variable'>): Read {
  return (expected, variable) => readPattern(expected, { ...rules, variable });
}

const ARN_PARTS = 6;

/** Matches each of the six parts of an ARN against its own pattern. */
function arn(expected: string, variable: Variable): Matcher {
  const patterns = arnParts(expected).map((part) => readPattern(part, { wildcards: true, variable }));
  return (actual) => {
    const parts = arnParts(actual);
    const matches = (pattern: Matcher, index: number): boolean => pattern(parts[index] ?? '');
    return parts.length === ARN_PARTS && patterns.length === ARN_PARTS && patterns.every(matches);
  };
}

/** Splits an ARN. The last part is everything after the fifth colon. Colons inside policy variables do not separate parts. */
function arnParts(text: string): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(/\$\{[^{}]*\}|./gsu)) {
    if (piece === ':' && parts.length < ARN_PARTS) parts.push('');
    else parts.push((parts.pop() ?? '') + piece);
  }
  return parts;
}

function ordered(read: (text: string) => number, compare: (actual: number, expected: number) => boolean): Read {
  return (text) => {
    const expected = read(text);
    return (actual) => compare(read(actual), expected);
  };
}

/** Reads an ISO 8601 date, or seconds since the epoch. Returns milliseconds since the epoch. */
function time(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) && text.length > 4 ? Number(text) * 1000 : Date.parse(text);
}

function addressBlock(expected: string): Matcher {
  const [address = '', bits] = expected.split('/');
  const family = familyOf(address);
  if (family === undefined) return () => false;
  const block = new BlockList();
  block.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  return (actual) => familyOf(actual) === family && block.check(actual, family);
}

/** Whether a text is an IP address or a block of addresses that a policy may contain. */
export function isAddressBlock(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  return family !== undefined && Number(bits ?? 0) <= (family === 'ipv4' ? 32 : 128);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}
