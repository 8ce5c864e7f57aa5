import assert from 'node:assert/strict';
import { PreparedPolicies } from '../../../src/policy/cedar.ts';
import { PolicyEngine } from '../../../src/policy/policyEngine.ts';
import { requestOf, type PolicySubject } from '../../../src/policy/requestOf.ts';
import { XksError } from '../../../src/xks/errors.ts';
import { parseRequestMetadata } from '../../../src/xks/messages/requestMetadata.ts';
import { parseJson } from '../../../src/xks/parseJson.ts';
import { healthMetadata, requestMetadata } from '../../support/messages.ts';
import { policySetOf } from '../../support/policySetOf.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';

const ALICE = requestMetadata.awsPrincipalArn;
const POLICIES = policySetOf(`
@id("alice") permit (principal == User::"${ALICE}", action, resource)
when { context has kmsViaServiceName && context.kmsViaServiceName == "ebs" && context has kmsKeyArn && context.kmsKeyArn like "arn:aws:kms:us-east-2:*" };
@id("team") permit (principal in RoleName::"123456789012/Team", action, resource) unless { context has kmsViaService };
@id("tag") forbid (principal, action, resource) when { context.otherMetadata.hasTag("x") && context.otherMetadata.getTag("x") == "1" };
`);
const engine = new PolicyEngine(POLICIES);
const uncached = new PreparedPolicies(POLICIES.policies);

const ROLE = {
  ...requestMetadata,
  kmsViaService: '',
  awsPrincipalArn: 'arn:aws:sts::123456789012:assumed-role/Team/s',
};

/**
 * The metadata of a request, as the principal and context of a policy. A request is allowed only if the policies say
 * so.
 */
export const target: FuzzTarget = {
  maxBytes: 4_096,
  seeds: [
    requestMetadata,
    healthMetadata,
    ROLE,
    { ...requestMetadata, x: '1' },
    { ...requestMetadata, awsPrincipalArn: 'ec2.amazonaws.com', other: [{ __entity: { type: 'User', id: 'a' } }] },
    {
      ...requestMetadata,
      kmsViaService: 'ebs.us-east-2.amazonaws.com',
      awsSourceVpc: 'vpc-1',
      awsSourceVpce: 'vpce-1',
    },
  ].map((metadata) => JSON.stringify({ requestMetadata: metadata })),
  words: [
    '"__entity":{',
    '"__extn":{',
    '"__proto__":',
    'arn:aws:iam::123456789012:user/Alice',
    'arn:aws:sts::123456789012:assumed-role/Team/',
    'arn:aws:iam::123456789012:root',
    '.amazonaws.com',
    'AWS Internal',
    '"kmsViaService":"',
    '\\ud800',
    '\\u0000',
    '"x":"1"',
  ],
  check: (input) => {
    const metadata = unlessRefused(XksError, () => parseRequestMetadata(parseJson(input), []));
    if (!metadata) return;
    const subject: PolicySubject = {
      api: 'Encrypt',
      keyStore: 'orders',
      externalKey: { id: 'foo', tags: {} },
      requestMetadata: metadata,
    };
    const { allowed, policyIds, error } = engine.decide(subject);
    if (error === undefined) {
      assert.deepEqual(
        { allowed, policyIds },
        (({ decision, policyIds: ids }) => ({ allowed: decision === 'allow', policyIds: ids }))(
          uncached.decide(requestOf(subject)),
        ),
      );
    }
    if (allowed) assert.ok(isAllowed(metadata));
    else if (error === undefined) assert.ok(!isAllowed(metadata));
  },
};

/** The same policies, written in TypeScript. */
function isAllowed({
  awsPrincipalArn = '',
  kmsViaService = '',
  kmsKeyArn = '',
  ...others
}: PolicySubject['requestMetadata']) {
  if (Object.hasOwn(others, 'x') && others['x'] === '1') return false;
  const isAlice = awsPrincipalArn === ALICE && /^ebs(?:\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)?$/.test(kmsViaService);
  if (isAlice && kmsKeyArn.startsWith('arn:aws:kms:us-east-2:')) return true;
  const name = '[A-Za-z0-9_+=,.@-]+';
  const role = new RegExp(
    `^arn:aws[a-z-]*:(?:sts::123456789012:assumed-role/Team/${name}|iam::123456789012:role/(?:[\\x21-\\x7e]+/)?Team)$`,
  );
  return role.test(awsPrincipalArn) && kmsViaService === '';
}
