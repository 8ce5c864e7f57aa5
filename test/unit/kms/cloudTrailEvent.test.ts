import { describe, expect, it } from 'vitest';
import { servicesWith } from '../../../src/kms/api/services.ts';
import type { Call } from '../../../src/kms/events/call.ts';
import { apiCallEvent, deleteKeyEvent } from '../../../src/kms/events/cloudTrailEvent.ts';
import type { ShownMembers } from '../../../src/kms/events/showMembers.ts';
import { callerIdentity } from '../../../src/kms/events/userIdentity.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { CLOUD_HSM_OPERATIONS } from '../../../src/kms/operations/cloudHsm/operations.ts';
import { OPERATIONS } from '../../../src/kms/operations/operations.ts';
import { UUID } from '../../support/kmsAppUnderTest.ts';

const ALICE = 'arn:aws:iam::111122223333:user/Alice';
const KEY_ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:us-west-2:111122223333:key/${KEY_ID}`;
const ALIAS_ARN = 'arn:aws:kms:us-west-2:111122223333:alias/ExampleAlias';
const CONTEXT = {
  identity: { region: 'us-west-2', accountId: '111122223333' },
  clock: () => Date.UTC(2022, 11, 7, 22, 37, 45, 678),
};
const KEY_RESOURCE = { accountId: '111122223333', type: 'AWS::KMS::Key', ARN };

const services = servicesWith({ kms: OPERATIONS, cloudHsm: CLOUD_HSM_OPERATIONS });
const [KMS] = services;

function eventOf(call: Partial<Call>) {
  const event = apiCallEvent(CONTEXT, {
    ...(KMS && { service: KMS }),
    requestId: 'abcde9e1-f1a3-4460-a423-577fb6e695c9',
    sourceIpAddress: '192.0.2.0',
    userAgent: 'aws-cli/2.9.1',
    additionalEventData: {},
    resources: [ARN],
    caller: { principal: { awsPrincipalArn: ALICE }, accessKeyId: 'EXAMPLE_KEY_ID' },
    ...call,
  });
  // The event as a file contains it.
  return event && (JSON.parse(JSON.stringify(event)) as Record<string, unknown>);
}

describe('the event of a call', () => {
  it('has the fields of CloudTrail', () => {
    const input = { KeyId: KEY_ID, EncryptionContext: { Purpose: 'Test' }, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    const event = eventOf({
      eventName: 'Decrypt',
      input: { ...input, CiphertextBlob: Buffer.from('sealed'), GrantTokens: ['token'] },
      output: { KeyId: ARN, Plaintext: Buffer.from('secret') },
      additionalEventData: { customKeyStoreId: 'cks-9876543210fedcba9', xksKeyId: 'abc01234567890fe' },
    });
    expect(event).toEqual({
      eventVersion: '1.08',
      userIdentity: {
        type: 'IAMUser',
        principalId: expect.stringMatching(/^AIDA[0-9A-Z]{17}$/) as string,
        arn: ALICE,
        accountId: '111122223333',
        accessKeyId: 'EXAMPLE_KEY_ID',
        userName: 'Alice',
      },
      eventTime: '2022-12-07T22:37:45Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'Decrypt',
      awsRegion: 'us-west-2',
      sourceIPAddress: '192.0.2.0',
      userAgent: 'aws-cli/2.9.1',
      requestParameters: {
        keyId: KEY_ID,
        encryptionContext: { Purpose: 'Test' },
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      responseElements: null,
      additionalEventData: { customKeyStoreId: 'cks-9876543210fedcba9', xksKeyId: 'abc01234567890fe' },
      requestID: 'abcde9e1-f1a3-4460-a423-577fb6e695c9',
      eventID: expect.stringMatching(UUID) as string,
      readOnly: true,
      resources: [KEY_RESOURCE],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '111122223333',
      eventCategory: 'Management',
    });
  });

  it('has the error of a failed call, and no response', () => {
    const failure = new KmsError('AlreadyExistsException', 'it is there', { detail: 'for the log' });
    const event = eventOf({ eventName: 'CreateAlias', input: { AliasName: 'alias/a', TargetKeyId: KEY_ID }, failure });
    expect(event).toMatchObject({
      errorCode: 'AlreadyExistsException',
      errorMessage: 'it is there',
      requestParameters: { aliasName: 'alias/a', targetKeyId: KEY_ID },
      responseElements: null,
    });
    expect(JSON.stringify(event)).not.toContain('for the log');
  });

  it('does not exist for a call without operation or caller', () => {
    expect(eventOf({ eventName: 'ListKeys', caller: undefined as never })).toBeUndefined();
    expect(eventOf({})).toBeUndefined();
  });

  it('shows no input of an operation that is not here', () => {
    const event = eventOf({ eventName: 'GenerateMac', input: { Message: 'secret' }, resources: [] });
    expect(event).toMatchObject({ requestParameters: null, responseElements: null, readOnly: true });
    expect(event).not.toHaveProperty('resources');
    expect(event).not.toHaveProperty('additionalEventData');
  });

  it('has the key and the alias as resources, and the key as response', () => {
    const event = eventOf({ eventName: 'UpdateAlias', resources: [ALIAS_ARN, ARN] });
    expect(event).toMatchObject({
      responseElements: { keyId: ARN },
      resources: [{ ...KEY_RESOURCE, ARN: ALIAS_ARN }, KEY_RESOURCE],
    });
  });

  it('shows structures and dates of a response', () => {
    const keyMetadata = { KeyId: KEY_ID, CreationDate: new Date(CONTEXT.clock()), XksKeyConfiguration: { Id: 'foo' } };
    expect(eventOf({ eventName: 'CreateKey', output: { KeyMetadata: { ...keyMetadata, Secret: 'x' } } })).toMatchObject(
      {
        responseElements: {
          keyMetadata: { keyId: KEY_ID, creationDate: 'Dec 7, 2022, 10:37:45 PM', xksKeyConfiguration: { id: 'foo' } },
        },
        readOnly: false,
      },
    );
  });

  it('shortens long values, and omits parameters of more than 100 KB', () => {
    const event = eventOf({
      eventName: 'PutKeyPolicy',
      userAgent: 'a'.repeat(10_000),
      input: { KeyId: KEY_ID, Policy: 'é'.repeat(60_000) },
      failure: new KmsError('ValidationException', 'm'.repeat(10_000)),
    });
    expect(event).toMatchObject({
      userAgent: 'a'.repeat(1_024),
      errorMessage: 'm'.repeat(1_024),
      requestParameters: { omitted: true, originalSize: 120_060, reason: 'requestParameters too large' },
    });
  });

  it('names the service and the endpoint that received the call', () => {
    const principal = { awsPrincipalArn: ALICE, kmsViaService: 'ebs', awsSourceVpce: 'vpce-1' };
    const event = eventOf({ eventName: 'ListKeys', caller: { principal, accessKeyId: 'A' } });
    expect(event).toMatchObject({
      userIdentity: { type: 'IAMUser', invokedBy: 'ebs.amazonaws.com' },
      sourceIPAddress: 'ebs.amazonaws.com',
      userAgent: 'ebs.amazonaws.com',
      vpcEndpointId: 'vpce-1',
    });
  });
});

it('the event of a deletion is from AWS itself', () => {
  const data = { customKeyStoreId: 'cks-1234567890abcdef0', xksKeyId: 'foo' };
  expect(deleteKeyEvent(CONTEXT, { keyId: KEY_ID }, data)).toEqual({
    eventVersion: '1.08',
    userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
    eventTime: '2022-12-07T22:37:45Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'DeleteKey',
    awsRegion: 'us-west-2',
    sourceIPAddress: 'AWS Internal',
    userAgent: 'AWS Internal',
    requestParameters: null,
    responseElements: { keyId: ARN },
    additionalEventData: data,
    eventID: expect.stringMatching(UUID) as string,
    readOnly: false,
    resources: [KEY_RESOURCE],
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: '111122223333',
    eventCategory: 'Management',
  });
});

describe('the members that events show', () => {
  const of = services.flatMap(({ name, shownMembers }) =>
    Object.entries(shownMembers).map(([operation, shown]) => [name, operation, shown] as const),
  );
  const SECRET = /password|plaintext|ciphertext|credential|secret|token|recipient|trustanchor|accesskey/i;
  const namesIn = (members: ShownMembers): string[] =>
    Object.entries(members).flatMap(([name, how]) => (typeof how === 'object' ? [name, ...namesIn(how)] : [name]));

  it.each(services)('are decided for every operation of $name', ({ shownMembers, operations }) => {
    expect(Object.keys(shownMembers).sort()).toEqual(Object.keys(operations).sort());
  });

  it.each(of)('of %s, %s, are not secrets', (_service, _operation, { request, response = {} }) => {
    const names = [...namesIn(request), ...(response === 'key ARN' ? [] : namesIn(response))];
    expect(names.filter((name) => SECRET.test(name))).toEqual([]);
  });

  it('are hidden in a blob, even if the table shows them', () => {
    const event = eventOf({ eventName: 'EnableKey', input: { KeyId: Buffer.from('secret') } });
    expect(event).toMatchObject({ requestParameters: { keyId: 'HIDDEN_DUE_TO_SECURITY_REASONS' } });
  });
});

describe('userIdentity', () => {
  const ROLE_ID = /^AROA[0-9A-Z]{17}$/;
  const common = { accountId: '111122223333', accessKeyId: 'A' };
  it.each([
    ['arn:aws:iam::111122223333:user/division/Bob', { ...common, type: 'IAMUser', userName: 'Bob' }],
    ['arn:aws:iam::111122223333:root', { ...common, type: 'Root', principalId: '111122223333' }],
    ['arn:aws:iam::111122223333:role/path/Admin', { ...common, type: 'Role', userName: 'Admin' }],
    [
      'arn:aws:sts::111122223333:assumed-role/Admin/session',
      {
        ...common,
        type: 'AssumedRole',
        principalId: expect.stringMatching(/^AROA[0-9A-Z]{17}:session$/) as string,
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: expect.stringMatching(ROLE_ID) as string,
            arn: 'arn:aws:iam::111122223333:role/Admin',
            accountId: '111122223333',
            userName: 'Admin',
          },
        },
      },
    ],
    [
      'arn:aws:sts::111122223333:federated-user/Carol',
      { ...common, type: 'FederatedUser', principalId: '111122223333:Carol' },
    ],
    ['anybody', { type: 'Unknown', principalId: 'anybody', accessKeyId: 'A' }],
  ])('of %s', (awsPrincipalArn, identity) => {
    const shown = callerIdentity({ principal: { awsPrincipalArn }, accessKeyId: 'A' });
    expect(shown).toMatchObject({ ...identity, arn: awsPrincipalArn });
    expect(callerIdentity({ principal: { awsPrincipalArn }, accessKeyId: 'A' })).toEqual(shown);
  });

  it('of a service is its name', () => {
    const principal = { awsPrincipalArn: 'rds.amazonaws.com' };
    expect(callerIdentity({ principal, accessKeyId: 'A' })).toEqual({
      type: 'AWSService',
      invokedBy: 'rds.amazonaws.com',
    });
  });
});
