import { expect, it } from 'vitest';
import { explain } from '../../../src/policy/explain.ts';
import { policySetOf } from '../../support/policySetOf.ts';
import type { PolicySubject } from '../../../src/policy/requestOf.ts';

const POLICIES = `
@id("far")
permit (principal is Service, action == Action::"Decrypt", resource == ExternalKey::"other/foo")
when { principal.name == "ec2" };
@id("near")
permit (principal in Account::"123456789012", action in [Action::"Encrypt", Action::"Decrypt"], resource)
when { context has kmsViaServiceName && context.kmsViaServiceName == "ec2" && context.kmsOperation like "Gen*" }
unless { resource.hasTag("class") || context has awsSourceVpc };
@id("applies")
permit (principal, action, resource) when { context has vpcEndpointId };
@id("never")
forbid (principal, action, resource in KeyStore::"closed");
`;

const policySet = policySetOf(POLICIES);

function explained(metadata: Readonly<Record<string, string>> = {}, tags = {}) {
  const subject: PolicySubject = {
    api: 'Encrypt',
    keyStore: 'orders',
    externalKey: { id: 'foo', tags },
    requestMetadata: {
      kmsRequestId: '1',
      kmsOperation: 'GenerateDataKey',
      awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: 'arn:aws:kms:us-east-2:123456789012:key/1',
      ...metadata,
    },
    vpcEndpointId: 'vpce-1',
  };
  return explain(policySet, subject);
}

it('names conditions that the request does not meet, for the permits that came closest first', () => {
  expect(explained({ kmsViaService: 'rds' })).toEqual([
    { policyId: 'near', unmet: ['when { context.kmsViaServiceName == "ec2" }'] },
    {
      policyId: 'far',
      unmet: [
        'principal is Service',
        'action == Action::"Decrypt"',
        'resource == ExternalKey::"other/foo"',
        'when { principal.name == "ec2" }',
      ],
    },
  ]);
});

it('names an absent attribute, but not the conditions that depend on it', () => {
  expect(explained({ awsPrincipalArn: 'AWS Internal' }).at(-1)?.unmet).not.toContain(
    'when { principal.name == "ec2" }',
  );
  expect(explained()[0]).toEqual({ policyId: 'near', unmet: ['when { context has kmsViaServiceName }'] });
});

it('splits negated conditions', () => {
  const near = explained({ kmsViaService: 'ec2', awsSourceVpc: 'vpc-1' }, { class: 'a' })[0];
  expect(near?.unmet).toEqual(['unless { resource.hasTag("class") }', 'unless { context has awsSourceVpc }']);
});

it('names no permit that applies', () => {
  expect(explained({ kmsViaService: 'ec2' }).map(({ policyId }) => policyId)).toEqual(['far']);
});
