import { describe, expect, it } from 'vitest';
import { conditionsHold, type ConditionContext } from '../../../../src/kms/access/conditions.ts';
import { identityPolicySchema } from '../../../../src/kms/access/policySchema.ts';

/** Whether a condition block of a policy holds. Keys of the context are in lower case. */
function holds(block: object, context: ConditionContext, Version = '2012-10-17'): boolean {
  const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: block };
  const { statements, variables } = identityPolicySchema.parse({ Version, Statement: statement });
  return conditionsHold(statements[0]?.conditions ?? [], context, { variables });
}

/** The key `a:key` with a value, or with a list of values. */
const having = (value: string | readonly string[]): ConditionContext => new Map([['a:key', value]]);
const NOTHING: ConditionContext = new Map();

// IAM User Guide, "Condition operators".
const OPERATORS: readonly [operator: string, policy: unknown, request: string, holds: boolean][] = [
  ['StringEquals', 'IT', 'IT', true],
  ['StringEquals', 'IT', 'it', false],
  ['StringEquals', 'I*', 'IT', false],
  ['StringEquals', 'I*', 'I*', true],
  ['StringEquals', ['HR', 'IT'], 'IT', true],
  ['StringEquals', 7, '7', true],
  ['StringEquals', '', '', true],
  ['StringNotEquals', 'IT', 'it', true],
  ['StringNotEquals', ['HR', 'IT'], 'IT', false],
  ['StringEqualsIgnoreCase', 'iT', 'It', true],
  ['StringNotEqualsIgnoreCase', 'iT', 'It', false],
  ['StringLike', 'alias/*Test*', 'alias/myTest1', true],
  ['StringLike', 'alias/?', 'alias/ab', false],
  ['StringLike', '*', '', true],
  ['StringLike', 'a.c', 'abc', false],
  ['StringLike', '*a*b*', 'xaxxbx', true],
  ['StringLike', '*a*b*a', 'xaxxbx', false],
  ['StringNotLike', 'a*', 'abc', false],
  ['StringNotLike', 'a*', 'bc', true],
  ['NumericEquals', '10', '10.0', true],
  ['NumericNotEquals', 10, '11', true],
  ['NumericLessThan', 10, '9', true],
  ['NumericLessThan', 10, '10', false],
  ['NumericLessThanEquals', 10, '10', true],
  ['NumericGreaterThan', 10, '11', true],
  ['NumericGreaterThanEquals', 10, '9', false],
  ['NumericLessThan', 10, 'ten', false],
  ['DateLessThan', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', true],
  ['DateGreaterThan', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', false],
  ['DateLessThanEquals', '1767225600', '2026-01-01T00:00:00Z', true],
  ['DateGreaterThanEquals', '2026-01-01', '1767225600', true],
  ['DateEquals', '2026-01-01T00:00:00Z', '1767225600', true],
  ['DateNotEquals', '2026-01-01T00:00:00Z', '1767225600', false],
  ['Bool', true, 'true', true],
  ['Bool', 'True', 'true', true],
  ['Bool', 'false', 'true', false],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
  ['IpAddress', '203.0.113.0/24', '203.0.113.9', true],
  ['IpAddress', ['10.0.0.0/8', '203.0.113.9'], '203.0.113.9', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.9', false],
  ['IpAddress', '2001:db8::/32', '2001:db8::1', true],
  ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
  ['NotIpAddress', '203.0.113.0/24', '203.0.114.9', true],
  ['ArnEquals', 'arn:aws:iam::*:role/*', 'arn:aws:iam::111122223333:role/a/b', true],
  ['ArnLike', 'arn:aws:iam::111122223333:user/*', 'arn:aws:iam::111122223333:role/a', false],
  ['ArnLike', 'arn:aws:*:user/x', 'arn:aws:iam::111122223333:user/x', false],
  ['ArnLike', 'arn:aws:iam::1*:*', 'arn:aws:iam::111122223333:user/a:b', true],
  ['ArnLike', '*', 'arn:aws:iam::111122223333:user/a', false],
  ['ArnNotEquals', 'arn:aws:iam::*:role/a', 'arn:aws:iam::111122223333:role/b', true],
  ['ArnNotLike', 'arn:aws:iam::*:role/*', 'arn:aws:iam::111122223333:role/b', false],
];

it.each(OPERATORS)('%s %j for the value %j is %j', (operator, policy, request, expected) => {
  expect(holds({ [operator]: { 'A:Key': policy } }, having(request))).toBe(expected);
});

describe('a key without a value', () => {
  it.each([...new Set(OPERATORS.map(([operator]) => operator))])('with %s', (operator) => {
    const value = operator.includes('IpAddress') ? '10.0.0.1' : '1';
    const isNegated = operator.includes('Not');
    expect(holds({ [operator]: { 'a:key': value } }, NOTHING)).toBe(isNegated);
    expect(holds({ [`${operator}IfExists`]: { 'a:key': value } }, NOTHING)).toBe(true);
    expect(holds({ [`ForAnyValue:${operator}`]: { 'a:key': value } }, NOTHING)).toBe(false);
    expect(holds({ [`ForAllValues:${operator}`]: { 'a:key': value } }, having([]))).toBe(true);
  });

  it('with Null', () => {
    expect(holds({ Null: { 'a:key': 'true' } }, NOTHING)).toBe(true);
    expect(holds({ Null: { 'a:key': true } }, having('x'))).toBe(false);
    expect(holds({ Null: { 'a:key': false } }, having('x'))).toBe(true);
    expect(holds({ Null: { 'a:key': 'false' } }, having([]))).toBe(false);
    for (const value of [true, false]) {
      expect(holds({ 'ForAllValues:Null': { 'a:key': value } }, NOTHING)).toBe(true);
      expect(holds({ 'ForAnyValue:Null': { 'a:key': value } }, having(['x']))).toBe(false);
    }
  });
});

it.each([
  ['ForAnyValue:StringEquals', ['a', 'b'], ['b', 'c'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
  ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
  ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
  ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'c'], false],
  ['ForAllValues:StringLike', ['a*'], ['ab', 'ac'], true],
  ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
  ['ForAllValues:StringNotEquals', ['a'], ['a', 'c'], false],
  ['StringEquals', ['a'], ['a'], false],
])('%s %j for the values %j is %j', (operator, policy, request, expected) => {
  expect(holds({ [operator]: { 'a:key': policy } }, having(request))).toBe(expected);
});

it('keys that differ only in case all count, so that no denial is evaded', () => {
  const context = new Map([['kms:encryptioncontext:stage', ['Test', 'Restricted']]]);
  const key = 'kms:EncryptionContext:Stage';
  expect(holds({ StringEquals: { [key]: 'Restricted' } }, context)).toBe(true);
  expect(holds({ StringNotEquals: { [key]: 'Test' } }, context)).toBe(false);
  expect(holds({ StringNotEquals: { [key]: 'Other' } }, context)).toBe(true);
});

it('all keys and all operators must hold', () => {
  const context = new Map([
    ['a:one', '1'],
    ['a:two', '2'],
  ]);
  expect(holds({ StringEquals: { 'a:one': '1', 'a:two': '2' } }, context)).toBe(true);
  expect(holds({ StringEquals: { 'a:one': '1', 'a:two': '3' } }, context)).toBe(false);
  expect(holds({ StringEquals: { 'a:one': '1' }, StringLike: { 'a:two': 'x*' } }, context)).toBe(false);
  expect(holds({}, NOTHING)).toBe(true);
});

describe('a policy variable', () => {
  const context = new Map<string, string | string[]>([
    ['aws:username', 'a*'],
    ['a:key', 'a*'],
    ['a:list', ['x']],
  ]);
  it.each([
    ['StringEquals', '${aws:username}', true],
    ['StringLike', '${AWS:UserName}', true],
    ['StringLike', '${aws:username}?', false],
    ['StringEquals', '${aws:none}', false],
    ['StringEquals', "${aws:none, 'a*'}", true],
    ['StringNotEquals', '${aws:none}', true],
    ['StringLike', 'a${*}', true],
    ['StringLike', '${a:list}', false],
  ])('in %s %s matches: %j', (operator, value, expected) => {
    expect(holds({ [operator]: { 'a:key': value } }, context)).toBe(expected);
  });

  it('stands for itself in a policy of the older version, and is not a pattern', () => {
    expect(holds({ StringEquals: { 'a:key': '${aws:username}' } }, having('${aws:username}'), '2008-10-17')).toBe(true);
    expect(holds({ StringLike: { 'a:key': '${aws:username}' } }, having('abc'))).toBe(false);
    const withStar = new Map([
      ['aws:username', '*'],
      ['a:key', 'abc'],
    ]);
    expect(holds({ StringLike: { 'a:key': '${aws:username}' } }, withStar)).toBe(false);
  });
});

it('a pattern with many stars takes no exponential time', () => {
  expect(holds({ StringLike: { 'a:key': `${'*a'.repeat(1_000)}b` } }, having('a'.repeat(2_000)))).toBe(false);
});
