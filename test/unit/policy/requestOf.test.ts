import { expect, it } from 'vitest';
import { requestOf, type PolicySubject } from '../../../src/policy/requestOf.ts';

const KEY_ARN = 'arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const subject: PolicySubject = {
  api: 'Encrypt',
  keyStore: 'orders',
  externalKey: { id: 'foo', tags: { team: 'billing' } },
  requestMetadata: {
    kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
    kmsOperation: 'GenerateDataKey',
    awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
    kmsKeyArn: KEY_ARN,
  },
};

function contextOf(metadata: Readonly<Record<string, string>>, connection = {}) {
  const { context } = requestOf({
    ...subject,
    ...connection,
    requestMetadata: { ...subject.requestMetadata, ...metadata },
  });
  return context;
}

it('has all entities and attributes that policies can use', () => {
  expect(
    requestOf({
      ...subject,
      requestMetadata: {
        ...subject.requestMetadata,
        kmsViaService: 'ec2.eu-central-1.amazonaws.com',
        awsSourceVpc: 'vpc-1',
        awsSourceVpce: 'vpce-1',
        sourceIdentity: 'alice',
      },
      vpcEndpointId: 'vpce-2',
      clientCommonName: 'cks.kms.us-east-2.amazonaws.com',
    }),
  ).toEqual({
    principal: expect.objectContaining({ type: 'User', id: 'arn:aws:iam::123456789012:user/Alice' }) as object,
    action: 'Encrypt',
    resource: {
      type: 'ExternalKey',
      id: 'orders/foo',
      attributes: { id: 'foo', keyStore: 'orders' },
      parents: [{ type: 'KeyStore', id: 'orders' }],
      tags: { team: 'billing' },
    },
    context: {
      kmsOperation: 'GenerateDataKey',
      kmsKeyArn: KEY_ARN,
      kmsKeyAccount: '123456789012',
      kmsKeyRegion: 'us-east-2',
      kmsViaService: 'ec2.eu-central-1.amazonaws.com',
      kmsViaServiceName: 'ec2',
      kmsViaServiceRegion: 'eu-central-1',
      awsSourceVpc: 'vpc-1',
      awsSourceVpce: 'vpce-1',
      vpcEndpointId: 'vpce-2',
      clientCommonName: 'cks.kms.us-east-2.amazonaws.com',
    },
    otherMetadata: { sourceIdentity: 'alice' },
  });
});

it('reads a service without a Region, as in the examples of the specification', () => {
  expect(contextOf({ kmsViaService: 'ebs' })).toMatchObject({ kmsViaService: 'ebs', kmsViaServiceName: 'ebs' });
  expect(contextOf({ kmsViaService: 'ebs' })).not.toHaveProperty('kmsViaServiceRegion');
});

it.each(['EBS', 'ebs ', 'ebs.us-east-1', 'ebs.us-east-1.amazonaws.com.evil.com', 'ebs\n', '*'])(
  'treats a service %j as text, without parts',
  (kmsViaService) => {
    const context = contextOf({ kmsViaService });
    expect(context).toMatchObject({ kmsViaService });
    expect(context).not.toHaveProperty('kmsViaServiceName');
  },
);

it.each(['', 'key', `${KEY_ARN}\n`, KEY_ARN.replace('123456789012', '*'), KEY_ARN.replace('key', 'alias')])(
  'treats a key ARN %j as text, without parts',
  (kmsKeyArn) => {
    const context = contextOf({ kmsKeyArn });
    expect(context).toMatchObject({ kmsKeyArn });
    expect(context).not.toHaveProperty('kmsKeyAccount');
    expect(context).not.toHaveProperty('kmsKeyRegion');
  },
);

it('treats an empty text as absent', () => {
  const fields = ['kmsViaService', 'awsSourceVpc', 'awsSourceVpce', 'vpcEndpointId', 'clientCommonName'];
  const empty = Object.fromEntries(fields.map((field) => [field, '']));
  const context = contextOf(empty, empty);
  for (const field of fields) expect(context).not.toHaveProperty(field);
});
