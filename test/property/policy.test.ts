import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PreparedPolicies } from '../../src/policy/cedar.ts';
import { PolicyEngine } from '../../src/policy/policyEngine.ts';
import { policySetOf } from '../support/policySetOf.ts';
import { requestOf, type PolicySubject } from '../../src/policy/requestOf.ts';

// Each field decides something, so none can be left out.
const POLICIES = `
@id("operation") permit (principal is Service, action == Action::"Decrypt", resource) when { principal.name == "ec2" };
@id("account") permit (principal in Account::"123456789012", action, resource == ExternalKey::"orders/foo");
@id("via") permit (principal, action, resource) when { context has kmsViaServiceName && context.kmsViaServiceName == "ec2" };
@id("kms-operation") permit (principal, action, resource) when { context.kmsOperation == "ReEncrypt" && resource in KeyStore::"orders" };
@id("key-arn") permit (principal is User, action, resource) when { context has kmsKeyRegion && context.kmsKeyRegion == "eu-west-1" };
@id("vpc") permit (principal, action, resource) when { context has awsSourceVpc && context.awsSourceVpc == "vpc-1" };
@id("vpce") permit (principal, action, resource) when { context has awsSourceVpce && context.awsSourceVpce == "vpce-1" };
@id("endpoint") permit (principal, action, resource) when { context has vpcEndpointId && context.vpcEndpointId == "vpce-2" };
@id("client") permit (principal, action, resource) when { context has clientCommonName && context.clientCommonName == "cn" };
@id("tag") permit (principal, action, resource) when { resource.hasTag("team") && resource.getTag("team") == "a" };
@id("other") permit (principal, action, resource) when { context.otherMetadata.hasTag("x") && context.otherMetadata.getTag("x") == "1" };
@id("no-root") forbid (principal is AccountRoot, action, resource);
`;

const policySet = policySetOf(POLICIES);
const engine = new PolicyEngine(policySet);
const uncached = new PreparedPolicies(policySet.policies);

const USER = 'arn:aws:iam::123456789012:user/Alice';
const few = (...texts: (string | undefined)[]) => fc.constantFrom(...texts);

const subjects: fc.Arbitrary<PolicySubject> = fc.record({
  api: fc.constantFrom('GetKeyMetadata', 'Encrypt', 'Decrypt'),
  keyStore: fc.constantFrom('orders', 'other'),
  externalKey: fc.record({
    id: fc.constantFrom('foo', 'bar'),
    tags: fc.oneof(fc.constant({}), fc.record({ team: fc.constantFrom('a', 'b') })),
  }),
  requestMetadata: fc.record({
    kmsRequestId: fc.uuid(),
    kmsOperation: fc.constantFrom('Encrypt', 'ReEncrypt'),
    awsPrincipalArn: fc.constantFrom(USER, 'ec2.amazonaws.com', 'arn:aws:iam::123456789012:root', 'AWS Internal'),
    kmsKeyArn: fc
      .constantFrom('?', 'eu-west-1', 'us-east-1')
      .map((region) => `arn:aws:kms:${region}:123456789012:key/1`),
    kmsViaService: few('', 'ec2', 'ec2.eu-west-1.amazonaws.com') as fc.Arbitrary<string>,
    awsSourceVpc: few('', 'vpc-1', 'vpc-2') as fc.Arbitrary<string>,
    awsSourceVpce: few('', 'vpce-1') as fc.Arbitrary<string>,
    x: few('', '1', '2') as fc.Arbitrary<string>,
  }),
  vpcEndpointId: few(undefined, 'vpce-1', 'vpce-2'),
  clientCommonName: few(undefined, 'cn', 'other'),
});

/** The first request with one field of the second. */
function exchange(one: PolicySubject, other: PolicySubject, field: string): PolicySubject {
  const requestMetadata = { ...one.requestMetadata, [field]: other.requestMetadata[field] };
  return field in one ? { ...one, [field]: Reflect.get(other, field) as unknown } : { ...one, requestMetadata };
}

const FIELDS = ['api', 'keyStore', 'externalKey', 'vpcEndpointId', 'clientCommonName', 'kmsRequestId', 'kmsOperation'];
const OTHER_FIELDS = ['awsPrincipalArn', 'kmsKeyArn', 'kmsViaService', 'awsSourceVpc', 'awsSourceVpce', 'x'];

it('the cache never changes a decision, whichever field differs', () => {
  const decided = new Set<string>();
  const check = (subject: PolicySubject) => {
    const { decision, policyIds } = uncached.decide(requestOf(subject));
    for (const id of policyIds) decided.add(id);
    expect(engine.decide(subject)).toEqual({ allowed: decision === 'allow', policyIds });
  };
  fc.assert(
    fc.property(subjects, subjects, (one, other) => {
      check(one);
      for (const field of [...FIELDS, ...OTHER_FIELDS]) check(exchange(one, other, field));
      check(one);
    }),
    { numRuns: 100 },
  );
  expect([...decided].sort()).toEqual(policySet.policies.map(({ id }) => id).sort());
});

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  // Also halves of surrogate pairs.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '*',
    '**',
    `${USER}\n`,
    `${USER}\0`,
    `*${USER}`,
    '";};permit(principal,action,resource);//',
    '\u202e',
  ),
  fc.constantFrom(
    '{"__entity":{"type":"User","id":"a"}}',
    '__entity',
    'ec2*',
    'EC2',
    'eс2',
    'ec2\u200b',
    '..',
    "' or 1=1",
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).map((text) => `arn:aws:iam::${text}:user/${'x'.repeat(2_000)}`),
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).map((text) => `arn:aws:iam::210987654321:role/${text}`),
);

const STRICT = `
@id("alice") permit (principal == User::"${USER}", action, resource)
when { context has kmsViaServiceName && context.kmsViaServiceName == "ec2" && context has kmsKeyArn && context.kmsKeyArn like "arn:aws:kms:us-east-1:*" };
@id("team") permit (principal in RoleName::"123456789012/Team", action, resource)
unless { context has kmsViaService };
`;
const strict = new PolicyEngine(policySetOf(STRICT, 'strict.cedar'));

const hostileSubjects: fc.Arbitrary<PolicySubject> = fc.record({
  api: fc.constantFrom('Encrypt', 'Decrypt'),
  keyStore: fc.constant('orders'),
  externalKey: fc.constant({ id: 'foo', tags: {} }),
  requestMetadata: fc.record({
    kmsRequestId: hostileText,
    kmsOperation: hostileText,
    awsPrincipalArn: fc.oneof(hostileText, fc.constant(USER)),
    kmsKeyArn: fc.oneof(hostileText, fc.constant('arn:aws:kms:us-east-1:123456789012:key/1')),
    kmsViaService: fc.oneof(hostileText, fc.constant('ec2')),
    awsSourceVpc: hostileText,
    awsSourceVpce: hostileText,
  }),
  vpcEndpointId: hostileText,
  clientCommonName: hostileText,
});

it('hostile metadata never matches a permit, and makes no decision fail', () => {
  fc.assert(
    fc.property(hostileSubjects, (subject) => {
      const { awsPrincipalArn, kmsKeyArn, kmsViaService } = subject.requestMetadata;
      const isPermitted =
        awsPrincipalArn === USER && kmsViaService === 'ec2' && kmsKeyArn?.startsWith('arn:aws:kms:us-east-1:');
      const { allowed, error } = strict.decide(subject);
      expect(allowed && !isPermitted).toBe(false);
      if (error !== undefined) expect(JSON.stringify(subject)).toMatch(/\\ud[89a-f]/i);
    }),
    { numRuns: 1_000 },
  );
});

it('fields that the policies do not know never change a denial', () => {
  const names = fc.oneof(
    hostileText,
    fc.constantFrom('__proto__', '__entity', '__extn', 'constructor', 'principal', 'account', 'kmsKeyAccount', 'arn'),
    fc.constantFrom('kmsViaServiceName', 'vpcEndpointId', 'clientCommonName', 'otherMetadata', 'tags', 'resource'),
  );
  const others = fc.array(fc.tuple(names, fc.oneof(hostileText, fc.constantFrom('ec2', USER, '123456789012'))));
  fc.assert(
    fc.property(hostileSubjects, others, (subject, fields) => {
      const more = { ...Object.fromEntries(fields), ...subject.requestMetadata };
      const { allowed, error } = strict.decide({ ...subject, requestMetadata: more });
      const alone = strict.decide(subject);
      if (error === undefined) expect(allowed).toBe(alone.allowed);
      else expect(allowed).toBe(false);
    }),
    { numRuns: 500 },
  );
});
