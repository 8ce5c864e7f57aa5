import { expect, it } from 'vitest';
import { PolicyEngine } from '../../../src/policy/policyEngine.ts';
import { policySetOf } from '../../support/policySetOf.ts';
import type { PolicySubject } from '../../../src/policy/requestOf.ts';

const POLICIES = `
@id("account")
permit (principal in Account::"123456789012", action, resource in KeyStore::"orders");
@id("payments-role")
permit (principal in RoleName::"123456789012/Payments", action == Action::"Decrypt", resource);
@id("billing-tag")
permit (principal is Service, action, resource) when { resource.hasTag("team") && resource.getTag("team") == "billing" };
@id("identity")
permit (principal is AwsInternal, action, resource)
when { context.otherMetadata.hasTag("sourceIdentity") && context.otherMetadata.getTag("sourceIdentity") like "a*" };
@id("not-mallory")
forbid (principal == User::"arn:aws:iam::123456789012:user/Mallory", action, resource);
@id("not-archived")
forbid (principal, action == Action::"Encrypt", resource == ExternalKey::"orders/archive");
`;

const engine = new PolicyEngine(policySetOf(POLICIES));

type Change = Partial<Omit<PolicySubject, 'requestMetadata'>> & { readonly [field: string]: unknown };

function subject({ api = 'Encrypt', keyStore = 'orders', externalKey, ...metadata }: Change = {}): PolicySubject {
  return {
    api,
    keyStore,
    externalKey: externalKey ?? { id: 'foo', tags: {} },
    requestMetadata: {
      kmsRequestId: crypto.randomUUID(),
      kmsOperation: api,
      awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: 'arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      ...(metadata as Readonly<Record<string, string>>),
    },
  };
}

it.each<[what: string, change: Change, allowed: boolean, policyIds: string[]]>([
  ['a principal by its account', {}, true, ['account']],
  [
    'all that permit',
    { api: 'Decrypt', awsPrincipalArn: 'arn:aws:iam::123456789012:role/x/Payments' },
    true,
    ['account', 'payments-role'],
  ],
  [
    'a session by its role',
    { api: 'Decrypt', keyStore: 'other', awsPrincipalArn: 'arn:aws:sts::123456789012:assumed-role/Payments/s' },
    true,
    ['payments-role'],
  ],
  [
    'no other operation',
    { keyStore: 'other', awsPrincipalArn: 'arn:aws:sts::123456789012:assumed-role/Payments/s' },
    false,
    [],
  ],
  ['no other account', { awsPrincipalArn: 'arn:aws:iam::210987654321:user/Alice' }, false, []],
  ['no other key store', { keyStore: 'other' }, false, []],
  [
    'a key by its tag',
    { awsPrincipalArn: 'ec2.amazonaws.com', externalKey: { id: 'bar', tags: { team: 'billing' } } },
    true,
    ['billing-tag'],
  ],
  ['a key by its tag only', { awsPrincipalArn: 'ec2.amazonaws.com' }, false, []],
  ['a field of the future', { awsPrincipalArn: 'AWS Internal', sourceIdentity: 'alice' }, true, ['identity']],
  ['a field of the future by its value', { awsPrincipalArn: 'AWS Internal', sourceIdentity: 'bob' }, false, []],
  [
    'a forbid before all permits',
    { awsPrincipalArn: 'arn:aws:iam::123456789012:user/Mallory' },
    false,
    ['not-mallory'],
  ],
  [
    'every forbid',
    { awsPrincipalArn: 'arn:aws:iam::123456789012:user/Mallory', externalKey: { id: 'archive', tags: {} } },
    false,
    ['not-archived', 'not-mallory'],
  ],
  ['a key by its id', { api: 'Decrypt', externalKey: { id: 'archive', tags: {} } }, true, ['account']],
])('matches %s', (_what, change, allowed, policyIds) => {
  expect(engine.decide(subject(change))).toEqual({ allowed, policyIds });
  expect(engine.decide(subject(change))).toEqual({ allowed, policyIds });
});

it('remembers a decision independently of the kmsRequestId', () => {
  expect(engine.decide(subject())).toBe(engine.decide(subject()));
  expect(engine.decide(subject())).not.toBe(engine.decide(subject({ kmsViaService: 'ebs' })));
});

it('decides requests that are too long to remember', () => {
  const long = { comment: 'x'.repeat(100_000) };
  expect(engine.decide(subject(long))).toEqual(engine.decide(subject()));
  expect(engine.decide(subject(long))).not.toBe(engine.decide(subject(long)));
});

it('denies a request that it cannot decide, reports it, and continues', () => {
  // A lone surrogate is not valid text.
  const failed = engine.decide(subject({ comment: '\ud800' }));
  expect(failed).toEqual({ allowed: false, policyIds: [], error: expect.stringMatching(/./) as string });
  expect(engine.decide({ ...subject(), api: 'GetHealthStatus' as 'Encrypt' })).toMatchObject({
    allowed: false,
    error: expect.stringContaining('GetHealthStatus') as string,
  });
  expect(engine.decide(subject())).toEqual({ allowed: true, policyIds: ['account'] });
});

it('permits nothing after its release, without an effect on other engines', () => {
  const [one, other] = [1, 2].map(() => new PolicyEngine(policySetOf(POLICIES)));
  expect(one?.decide(subject()).allowed).toBe(true);
  one?.release();
  expect(one?.decide(subject()).allowed).toBe(false);
  expect(other?.decide(subject()).allowed).toBe(true);
});

it('names the deciding policies by their ids, at any place in the text', () => {
  const accounts = Array.from({ length: 30 }, (_, index) => String(123_456_789_000 + index));
  const one = (account: string, index: number) =>
    `// Policy ${index}; "é\n@id("${account}") permit (principal in Account::"${account}", action, resource);`;
  const many = new PolicyEngine(policySetOf(accounts.map(one).join('\n')));
  for (const account of accounts) {
    const awsPrincipalArn = `arn:aws:iam::${account}:user/Alice`;
    expect(many.decide(subject({ awsPrincipalArn }))).toEqual({ allowed: true, policyIds: [account] });
  }
});

it('names the failing policy, and denies', () => {
  const text = `@id("fine") permit (principal, action, resource);
@id("too-much") forbid (principal, action, resource) when { 9223372036854775807 + 1 == 1 };`;
  const failing = new PolicyEngine(policySetOf(text));
  expect(failing.decide(subject())).toEqual({
    allowed: false,
    policyIds: [],
    error: expect.stringMatching(/^too-much: integer overflow/) as string,
  });
});
