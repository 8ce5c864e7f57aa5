import { beforeEach, describe, expect, it } from 'vitest';
import { identityPolicySchema } from '../../../../src/kms/access/policySchema.ts';
import type { Caller } from '../../../../src/kms/caller.ts';
import { OPERATIONS } from '../../../../src/kms/operations/operations.ts';
import type { Output } from '../../../../src/kms/operations/operation.ts';
import type { KmsKey } from '../../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../../support/localKmsUnderTest.ts';

const ACCOUNT = 'arn:aws:kms:us-east-1:111122223333';
const ROOT = 'arn:aws:iam::111122223333:root';
const ALICE = 'arn:aws:iam::111122223333:user/Alice';
const BOB = 'arn:aws:iam::111122223333:user/Bob';
const STRANGER = 'arn:aws:iam::444455556666:role/Engineering';

interface Asked extends Partial<Caller> {
  /** Statements of the caller's identity policies. */
  readonly identity?: readonly object[];
}

let kms: LocalKmsUnderTest;
let key: KmsKey;
let storeId: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  kms.evaluatePolicies = true;
  storeId = kms.addKeyStore().customKeyStoreId;
  key = kms.addKey(storeId);
});

function call(name: string, input: object, { identity = [], ...caller }: Asked = {}): Promise<Output> {
  const operation = OPERATIONS[name];
  if (!operation) throw new Error(`no operation ${name}`);
  const Version = '2012-10-17';
  const identityPolicies = identity.map((Statement) => identityPolicySchema.parse({ Version, Statement }));
  return kms.call(operation, input, { ...caller, identityPolicies });
}

function allow(Action: string | string[], rest: object = {}): object {
  return { Effect: 'Allow', Action, Resource: '*', ...rest };
}
const given = (operator: string, conditionKey: string, value: unknown): object => ({
  Condition: { [operator]: { [conditionKey]: value } },
});

function setPolicy(...statements: readonly object[]): void {
  kms.state.keys.update(key.keyId, { policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) });
}

async function encrypted(EncryptionContext: object = {}): Promise<string> {
  const identity = [allow('kms:Encrypt')];
  const output = await call(
    'Encrypt',
    { KeyId: key.keyId, Plaintext: 'AA==', EncryptionContext },
    { awsPrincipalArn: ROOT, identity },
  );
  return (output?.['CiphertextBlob'] as Buffer).toString('base64');
}

const arnOf = ({ keyId }: KmsKey): string => `${ACCOUNT}:key/${keyId}`;
const noPolicy = (action: string, on: string | undefined, type = 'identity-based', user = ALICE) => ({
  errorName: 'AccessDeniedException',
  message:
    `User: ${user} is not authorized to perform: kms:${action}` +
    `${on === undefined ? '' : ` on resource: ${on}`} because no ${type} policy allows the kms:${action} action`,
});

/** Inputs of all operations. Each new operation needs one too. */
const INPUTS: Readonly<Record<string, (keyId: string, blob: string) => object>> = {
  CreateCustomKeyStore: () => ({ CustomKeyStoreName: 'a' }),
  UpdateCustomKeyStore: () => ({ CustomKeyStoreId: storeId }),
  ConnectCustomKeyStore: () => ({ CustomKeyStoreId: storeId }),
  DisconnectCustomKeyStore: () => ({ CustomKeyStoreId: storeId }),
  DescribeCustomKeyStores: () => ({}),
  DeleteCustomKeyStore: () => ({ CustomKeyStoreId: storeId }),
  CreateKey: () => ({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: storeId, XksKeyId: 'bar' }),
  ListKeys: () => ({}),
  ListAliases: () => ({}),
  ListRetirableGrants: () => ({ RetiringPrincipal: ALICE }),
  GenerateRandom: () => ({ NumberOfBytes: 1 }),
  UpdateKeyDescription: (KeyId) => ({ KeyId, Description: '' }),
  TagResource: (KeyId) => ({ KeyId, Tags: [] }),
  UntagResource: (KeyId) => ({ KeyId, TagKeys: [] }),
  PutKeyPolicy: (KeyId) => ({ KeyId, Policy: key.policy }),
  CreateAlias: (TargetKeyId) => ({ AliasName: 'alias/b', TargetKeyId }),
  UpdateAlias: (TargetKeyId) => ({ AliasName: 'alias/a', TargetKeyId }),
  DeleteAlias: () => ({ AliasName: 'alias/a' }),
  CreateGrant: (KeyId) => ({ KeyId, GranteePrincipal: BOB, Operations: ['Decrypt'] }),
  RevokeGrant: (KeyId) => ({ KeyId, GrantId: 'ab' }),
  Encrypt: (KeyId) => ({ KeyId, Plaintext: 'AA==' }),
  Decrypt: (_, CiphertextBlob) => ({ CiphertextBlob }),
  ReEncrypt: (DestinationKeyId, CiphertextBlob) => ({ CiphertextBlob, DestinationKeyId }),
  GenerateDataKey: (KeyId) => ({ KeyId, KeySpec: 'AES_256' }),
  GenerateDataKeyWithoutPlaintext: (KeyId) => ({ KeyId, KeySpec: 'AES_256' }),
};

describe('with policies evaluated', () => {
  it.each(Object.keys(OPERATIONS).filter((name) => name !== 'RetireGrant'))(
    '%s refuses a caller without rights, and accepts the root user',
    async (name) => {
      kms.state.aliases.put({ aliasName: 'alias/a', targetKeyId: key.keyId, creationDate: 0, lastUpdatedDate: 0 });
      const blob = await encrypted();
      const input = INPUTS[name]?.(key.keyId, blob) ?? { KeyId: key.keyId };
      await expect(call(name, input)).rejects.toMatchObject({
        errorName: 'AccessDeniedException',
        message: expect.stringMatching(`^User: ${ALICE} is not authorized to perform: kms:${name}`) as string,
      });
      const outcome: unknown = await call(name, input, { awsPrincipalArn: ROOT }).catch((error: unknown) => error);
      expect(outcome).not.toMatchObject({ errorName: 'AccessDeniedException' });
    },
  );

  it('says why in the words of AWS', async () => {
    const input = { KeyId: key.keyId };
    await expect(call('DescribeKey', input)).rejects.toMatchObject(noPolicy('DescribeKey', arnOf(key)));
    await expect(call('ListKeys', {})).rejects.toMatchObject(noPolicy('ListKeys', '*'));
    const creation = { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: storeId, XksKeyId: 'bar' };
    await expect(call('CreateKey', creation)).rejects.toMatchObject(noPolicy('CreateKey', undefined));
    setPolicy(allow('kms:Decrypt', { Principal: { AWS: ROOT } }));
    await expect(call('DescribeKey', input)).rejects.toMatchObject(
      noPolicy('DescribeKey', arnOf(key), 'resource-based'),
    );
    setPolicy({ ...allow('kms:*'), Effect: 'Deny', Principal: '*' });
    const denied = `User: ${ALICE} is not authorized to perform: kms:DescribeKey on resource: ${arnOf(key)} with an explicit deny in`;
    await expect(call('DescribeKey', input)).rejects.toMatchObject({ message: `${denied} a resource-based policy` });
    setPolicy(allow('kms:*', { Principal: { AWS: ALICE } }));
    const identity = [{ ...allow('kms:*'), Effect: 'Deny' }];
    await expect(call('DescribeKey', input, { identity })).rejects.toMatchObject({
      message: `${denied} an identity-based policy`,
    });
  });

  it('a key that does not exist is not found by any caller', async () => {
    const KeyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
    await expect(call('DescribeKey', { KeyId })).rejects.toMatchObject({ errorName: 'NotFoundException' });
  });

  it('access is checked before the state of the key', async () => {
    kms.state.keys.setState(key.keyId, 'PendingDeletion', kms.now + 1);
    for (const name of ['EnableKey', 'Encrypt', 'CreateGrant']) {
      await expect(call(name, INPUTS[name]?.(key.keyId, '') ?? { KeyId: key.keyId })).rejects.toMatchObject({
        errorName: 'AccessDeniedException',
      });
    }
  });
});

describe("the guide's policy for external key stores", () => {
  // AWS KMS Developer Guide, "Controlling access to your external key store".
  const identity = [
    {
      Sid: 'AllowKeysInExternalKeyStores',
      Effect: 'Allow',
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      Resource: 'arn:aws:kms:us-east-1:111122223333:key/*',
      Condition: { StringEquals: { 'kms:KeyOrigin': 'EXTERNAL_KEY_STORE' } },
    },
  ];

  it('allows a caller with this policy the use of a key, and no other caller', async () => {
    const blob = await encrypted();
    for (const name of [
      'DescribeKey',
      'Encrypt',
      'Decrypt',
      'ReEncrypt',
      'GenerateDataKey',
      'GenerateDataKeyWithoutPlaintext',
    ]) {
      const input = INPUTS[name]?.(key.keyId, blob) ?? { KeyId: key.keyId };
      await call(name, input, { identity });
      await expect(call(name, input, { awsPrincipalArn: BOB })).rejects.toMatchObject({
        errorName: 'AccessDeniedException',
      });
    }
    await expect(call('DisableKey', { KeyId: key.keyId }, { identity })).rejects.toMatchObject(
      noPolicy('DisableKey', arnOf(key)),
    );
    const { KeyMetadata } = { ...(await call('CreateKey', {}, { awsPrincipalArn: ROOT })) } as {
      KeyMetadata?: { KeyId: string };
    };
    const described = call('DescribeKey', { KeyId: KeyMetadata?.KeyId }, { identity });
    await expect(described).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
    const cloudHsm = [allow('kms:DescribeKey', given('StringEquals', 'kms:KeyOrigin', 'AWS_CLOUDHSM'))];
    await expect(call('DescribeKey', { KeyId: key.keyId }, { identity: cloudHsm })).rejects.toMatchObject(
      noPolicy('DescribeKey', arnOf(key)),
    );
  });

  it('with kms:CreateKey, decides which keys can be created', async () => {
    const create = { CustomKeyStoreId: storeId, XksKeyId: 'bar', Origin: 'EXTERNAL_KEY_STORE' };
    const only = (origin: string) => ({
      identity: [allow('kms:CreateKey', given('StringEquals', 'kms:KeyOrigin', origin))],
    });
    await expect(call('CreateKey', create, only('AWS_KMS'))).rejects.toMatchObject(noPolicy('CreateKey', undefined));
    await expect(call('CreateKey', {}, only('EXTERNAL_KEY_STORE'))).rejects.toMatchObject(
      noPolicy('CreateKey', undefined),
    );
    const Tags = [{ TagKey: 'a', TagValue: 'b' }];
    const tagged = call('CreateKey', { ...create, Tags }, only('EXTERNAL_KEY_STORE'));
    await expect(tagged).rejects.toMatchObject(noPolicy('TagResource', undefined));
    await call('CreateKey', create, only('EXTERNAL_KEY_STORE'));
  });
});

describe('a condition on', () => {
  const via = { kmsViaService: 'rds' };
  const IT = { Department: 'IT', Purpose: 'Test' };
  it.each<[what: string, name: string, condition: object, input: object, caller: Partial<Caller>, isAllowed: boolean]>([
    ['the service', 'Encrypt', given('StringEquals', 'kms:ViaService', 'rds.us-east-1.amazonaws.com'), {}, via, true],
    [
      'the service, called directly',
      'Encrypt',
      given('StringEquals', 'kms:ViaService', 'rds.us-east-1.amazonaws.com'),
      {},
      {},
      false,
    ],
    ['the account', 'Encrypt', given('StringEquals', 'kms:CallerAccount', '111122223333'), {}, {}, true],
    ['another account', 'Encrypt', given('StringEquals', 'kms:CallerAccount', '444455556666'), {}, {}, false],
    ['the key spec', 'Encrypt', given('StringEquals', 'kms:KeySpec', 'SYMMETRIC_DEFAULT'), {}, {}, true],
    ['the key usage', 'Encrypt', given('StringEquals', 'kms:KeyUsage', 'SIGN_VERIFY'), {}, {}, false],
    [
      'the algorithm of a data key',
      'GenerateDataKey',
      given('StringEquals', 'kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT'),
      {},
      {},
      true,
    ],
    ['the algorithm', 'Encrypt', given('StringEquals', 'kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT'), {}, {}, true],
    [
      'a pair',
      'Encrypt',
      given('StringEquals', 'kms:EncryptionContext:department', 'IT'),
      { EncryptionContext: IT },
      {},
      true,
    ],
    [
      'a pair in two spellings',
      'Encrypt',
      given('StringEquals', 'kms:EncryptionContext:Department', 'IT'),
      { EncryptionContext: { department: 'IT', Department: 'HR' } },
      {},
      true,
    ],
    [
      'another pair',
      'Encrypt',
      given('StringEquals', 'kms:EncryptionContext:Department', 'HR'),
      { EncryptionContext: IT },
      {},
      false,
    ],
    [
      'a pair that is absent',
      'Encrypt',
      given('StringEquals', 'kms:EncryptionContext:Department', 'IT'),
      {},
      {},
      false,
    ],
    [
      'all context keys',
      'Encrypt',
      given('ForAllValues:StringEquals', 'kms:EncryptionContextKeys', ['Department']),
      { EncryptionContext: IT },
      {},
      false,
    ],
    [
      'any context key',
      'Encrypt',
      given('ForAnyValue:StringEquals', 'kms:EncryptionContextKeys', ['Department']),
      { EncryptionContext: IT },
      {},
      true,
    ],
    [
      'the alias of the request',
      'Encrypt',
      given('StringEquals', 'kms:RequestAlias', 'alias/project'),
      { KeyId: 'alias/project' },
      {},
      true,
    ],
    [
      'the alias of the request, by ARN',
      'Encrypt',
      given('StringLike', 'kms:RequestAlias', 'alias/p*'),
      { KeyId: `${ACCOUNT}:alias/project` },
      {},
      true,
    ],
    [
      'the alias of the request, by key',
      'Encrypt',
      given('StringEquals', 'kms:RequestAlias', 'alias/project'),
      {},
      {},
      false,
    ],
    [
      'the aliases of the key',
      'Encrypt',
      given('ForAnyValue:StringEquals', 'kms:ResourceAliases', 'alias/project'),
      {},
      {},
      true,
    ],
    [
      'other aliases of the key',
      'Encrypt',
      given('ForAllValues:StringLike', 'kms:ResourceAliases', 'alias/x*'),
      {},
      {},
      false,
    ],
    ['a tag of the key', 'Encrypt', given('StringEquals', 'aws:ResourceTag/Purpose', 'Test'), {}, {}, true],
    ['another tag of the key', 'Encrypt', given('StringEquals', 'aws:ResourceTag/Purpose', 'Real'), {}, {}, false],
    [
      'a tag of the request',
      'TagResource',
      given('StringEquals', 'aws:RequestTag/a', 'b'),
      { Tags: [{ TagKey: 'a', TagValue: 'b' }] },
      {},
      true,
    ],
    [
      'tag keys of the request',
      'UntagResource',
      given('ForAllValues:StringEquals', 'aws:TagKeys', ['a']),
      { TagKeys: ['a', 'b'] },
      {},
      false,
    ],
    ['the grantee', 'CreateGrant', given('StringEquals', 'kms:GranteePrincipal', BOB), {}, {}, true],
    ['another grantee', 'CreateGrant', given('StringEquals', 'kms:GranteePrincipal', ALICE), {}, {}, false],
    [
      'the retiring principal',
      'CreateGrant',
      given('StringEquals', 'kms:RetiringPrincipal', BOB),
      { RetiringPrincipal: BOB },
      {},
      true,
    ],
    [
      'grant operations',
      'CreateGrant',
      given('ForAllValues:StringEquals', 'kms:GrantOperations', ['Decrypt', 'Encrypt']),
      {},
      {},
      true,
    ],
    [
      'other grant operations',
      'CreateGrant',
      given('ForAllValues:StringEquals', 'kms:GrantOperations', ['Encrypt']),
      {},
      {},
      false,
    ],
    [
      'the type of constraint',
      'CreateGrant',
      given('StringEquals', 'kms:GrantConstraintType', 'EncryptionContextEquals'),
      { Constraints: { EncryptionContextEquals: IT } },
      {},
      true,
    ],
    [
      'no constraint',
      'CreateGrant',
      given('StringEquals', 'kms:GrantConstraintType', 'EncryptionContextEquals'),
      {},
      {},
      false,
    ],
    [
      'a pair of a constraint',
      'CreateGrant',
      given('StringEquals', 'kms:EncryptionContext:Department', 'IT'),
      { Constraints: { EncryptionContextSubset: IT } },
      {},
      true,
    ],
    ['grants for services', 'CreateGrant', given('Bool', 'kms:GrantIsForAWSResource', 'true'), {}, via, true],
    [
      'grants for services, called directly',
      'CreateGrant',
      given('Bool', 'kms:GrantIsForAWSResource', true),
      {},
      {},
      false,
    ],
    [
      'the safety check',
      'PutKeyPolicy',
      given('Bool', 'kms:BypassPolicyLockoutSafetyCheck', false),
      { BypassPolicyLockoutSafetyCheck: true },
      {},
      false,
    ],
    [
      'the caller',
      'Encrypt',
      given('ArnEquals', 'aws:PrincipalArn', 'arn:aws:iam::*:role/Engineering'),
      {},
      { awsPrincipalArn: 'arn:aws:sts::111122223333:assumed-role/Engineering/session' },
      true,
    ],
    [
      'the account of the caller',
      'Encrypt',
      given('StringEquals', 'aws:PrincipalAccount', '111122223333'),
      {},
      {},
      true,
    ],
    [
      'the endpoint',
      'Encrypt',
      given('StringEquals', 'aws:SourceVpce', 'vpce-1'),
      {},
      { awsSourceVpce: 'vpce-1' },
      true,
    ],
    ['the VPC', 'Encrypt', given('StringNotEquals', 'aws:SourceVpc', 'vpc-1'), {}, { awsSourceVpc: 'vpc-1' }, false],
    ['the address', 'Encrypt', given('IpAddress', 'aws:SourceIp', '192.0.2.0/24'), {}, {}, true],
    [
      'the address, behind an endpoint',
      'Encrypt',
      given('IpAddress', 'aws:SourceIp', '192.0.2.0/24'),
      {},
      { awsSourceVpce: 'vpce-1' },
      false,
    ],
    ['the time', 'Encrypt', given('DateGreaterThan', 'aws:CurrentTime', '2026-06-01T00:00:00Z'), {}, {}, false],
    ['the Region', 'Encrypt', given('StringEquals', 'aws:RequestedRegion', 'us-east-1'), {}, {}, true],
  ])('%s, for %s', async (_, name, condition, members, caller, isAllowed) => {
    kms.state.aliases.put({ aliasName: 'alias/project', targetKeyId: key.keyId, creationDate: 0, lastUpdatedDate: 0 });
    kms.state.keys.update(key.keyId, { tags: [{ key: 'Purpose', value: 'Test' }] });
    const input = { ...INPUTS[name]?.(key.keyId, ''), ...members };
    const called = call(name, input, { ...caller, identity: [allow(`kms:${name}`, condition)] });
    if (isAllowed) await called;
    else await expect(called).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
  });

  it('tags and aliases of the key never holds in a key policy', async () => {
    kms.state.keys.update(key.keyId, { tags: [{ key: 'Purpose', value: 'Test' }] });
    kms.state.aliases.put({ aliasName: 'alias/project', targetKeyId: key.keyId, creationDate: 0, lastUpdatedDate: 0 });
    for (const condition of [
      given('StringEquals', 'aws:ResourceTag/Purpose', 'Test'),
      given('ForAnyValue:StringEquals', 'kms:ResourceAliases', 'alias/project'),
    ]) {
      setPolicy(allow('kms:*', { Principal: { AWS: ALICE }, ...condition }));
      await expect(call('DescribeKey', { KeyId: key.keyId })).rejects.toMatchObject({
        errorName: 'AccessDeniedException',
      });
    }
  });
});

it('ReEncrypt needs kms:ReEncryptFrom and kms:ReEncryptTo, each with the context of its side', async () => {
  const source = await encrypted({ side: 'source' });
  const target = kms.addKey(storeId, { xksKeyId: 'bar' });
  const input = {
    CiphertextBlob: source,
    SourceEncryptionContext: { side: 'source' },
    DestinationKeyId: target.keyId,
    DestinationEncryptionContext: { side: 'target' },
  };
  const from = allow('kms:ReEncryptFrom', {
    Resource: arnOf(key),
    ...given('StringEquals', 'kms:EncryptionContext:side', 'source'),
  });
  const to = allow('kms:ReEncryptTo', {
    Resource: arnOf(target),
    ...given('StringEquals', 'kms:EncryptionContext:side', 'target'),
  });
  await expect(call('ReEncrypt', input, { identity: [to] })).rejects.toMatchObject(
    noPolicy('ReEncryptFrom', arnOf(key)),
  );
  await expect(call('ReEncrypt', input, { identity: [from] })).rejects.toMatchObject(
    noPolicy('ReEncryptTo', arnOf(target)),
  );
  await call('ReEncrypt', input, { identity: [from, to] });
});

it('an alias needs rights on itself, and on the keys that it leaves and joins', async () => {
  const other = kms.addKey(storeId, { xksKeyId: 'bar' });
  const alias = `${ACCOUNT}:alias/a`;
  const on = (Action: string, ...Resource: string[]) => ({ identity: [allow(Action, { Resource })] });
  const create = { AliasName: 'alias/a', TargetKeyId: key.keyId };
  await expect(call('CreateAlias', create, on('kms:CreateAlias', arnOf(key)))).rejects.toMatchObject(
    noPolicy('CreateAlias', alias),
  );
  await expect(call('CreateAlias', create, on('kms:CreateAlias', alias))).rejects.toMatchObject(
    noPolicy('CreateAlias', arnOf(key)),
  );
  await call('CreateAlias', create, on('kms:CreateAlias', arnOf(key), alias));
  const update = { AliasName: 'alias/a', TargetKeyId: other.keyId };
  for (const rights of [
    [alias, arnOf(key)],
    [alias, arnOf(other)],
    [arnOf(key), arnOf(other)],
  ]) {
    await expect(call('UpdateAlias', update, on('kms:UpdateAlias', ...rights))).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
  }
  await call('UpdateAlias', update, on('kms:UpdateAlias', alias, arnOf(key), arnOf(other)));
  for (const rights of [[alias, arnOf(key)], [arnOf(other)]]) {
    await expect(call('DeleteAlias', create, on('kms:DeleteAlias', ...rights))).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
  }
  await call('DeleteAlias', { AliasName: 'alias/a' }, on('kms:DeleteAlias', alias, arnOf(other)));
});

describe('a caller of another account', () => {
  const stranger = { awsPrincipalArn: STRANGER, identity: [allow('kms:*')] };
  it('uses a key if both policies allow it, and manages none', async () => {
    setPolicy(allow('kms:*', { Principal: { AWS: 'arn:aws:iam::444455556666:root' } }));
    await call('Encrypt', { KeyId: arnOf(key), Plaintext: 'AA==' }, stranger);
    const bare = { awsPrincipalArn: STRANGER };
    await expect(call('DescribeKey', { KeyId: arnOf(key) }, bare)).rejects.toMatchObject(
      noPolicy('DescribeKey', arnOf(key), 'identity-based', STRANGER),
    );
    for (const name of ['DisableKey', 'TagResource', 'PutKeyPolicy', 'GetKeyPolicy']) {
      const input = INPUTS[name]?.(key.keyId, '') ?? { KeyId: key.keyId };
      await expect(call(name, input, stranger)).rejects.toMatchObject(
        noPolicy(name, arnOf(key), 'resource-based', STRANGER),
      );
    }
    await expect(call('ListKeys', {}, stranger)).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
  });
});

describe('a grant', () => {
  const root = { awsPrincipalArn: ROOT };
  const bob = { awsPrincipalArn: BOB };
  async function grant(members: object = {}, caller: Asked = root): Promise<Record<string, string>> {
    const input = { KeyId: key.keyId, GranteePrincipal: BOB, Operations: ['Decrypt', 'DescribeKey'], ...members };
    return (await call('CreateGrant', input, caller)) as Record<string, string>;
  }

  it('allows its operations to its grantee, until it is revoked', async () => {
    const CiphertextBlob = await encrypted();
    await expect(call('Decrypt', { CiphertextBlob }, bob)).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
    const { GrantId, GrantToken } = await grant();
    await call('Decrypt', { CiphertextBlob }, bob);
    await call('Decrypt', { CiphertextBlob, GrantTokens: [GrantToken] }, bob);
    await call('DescribeKey', { KeyId: key.keyId }, bob);
    await expect(call('Encrypt', { KeyId: key.keyId, Plaintext: 'AA==' }, bob)).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
    await expect(call('DescribeKey', { KeyId: key.keyId, GrantTokens: [GrantToken] })).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
    await expect(call('RevokeGrant', { KeyId: key.keyId, GrantId }, bob)).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
    await call('RevokeGrant', { KeyId: key.keyId, GrantId }, root);
    await expect(call('Decrypt', { CiphertextBlob }, bob)).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
  });

  it('is limited to one key', async () => {
    const other = kms.addKey(storeId, { xksKeyId: 'bar' });
    await grant();
    await expect(call('DescribeKey', { KeyId: other.keyId }, bob)).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
  });

  it('is for the sessions of a role, and for other accounts, without identity policies', async () => {
    await grant({ GranteePrincipal: 'arn:aws:iam::444455556666:role/service-role/Engineering' });
    await call(
      'DescribeKey',
      { KeyId: key.keyId },
      { awsPrincipalArn: 'arn:aws:sts::444455556666:assumed-role/Engineering/s' },
    );
    await expect(
      call('DescribeKey', { KeyId: key.keyId }, { awsPrincipalArn: 'arn:aws:sts::444455556666:assumed-role/Other/s' }),
    ).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
  });

  it('does not override a denial', async () => {
    await grant();
    const identity = [{ ...allow('kms:DescribeKey'), Effect: 'Deny' }];
    await expect(call('DescribeKey', { KeyId: key.keyId }, { ...bob, identity })).rejects.toMatchObject({
      errorName: 'AccessDeniedException',
    });
  });

  it.each([
    [{ EncryptionContextEquals: { Department: 'IT' } }, { Department: 'IT' }, true],
    [{ EncryptionContextEquals: { Department: 'IT' } }, { Department: 'IT', Purpose: 'Test' }, false],
    [{ EncryptionContextEquals: { Department: 'IT' } }, { Department: 'it' }, false],
    [{ EncryptionContextEquals: { Department: 'IT' } }, {}, false],
    [{ EncryptionContextSubset: { Department: 'IT' } }, { Department: 'IT', Purpose: 'Test' }, true],
    [{ EncryptionContextSubset: { Department: 'IT' } }, { department: 'IT' }, false],
    [{ EncryptionContextSubset: { Department: 'IT' } }, {}, false],
    [{ EncryptionContextSubset: { toString: 'x' } }, {}, false],
  ])(
    'with the constraint %j allows Encrypt with the context %j: %j',
    async (Constraints, EncryptionContext, isAllowed) => {
      await grant({ Constraints, Operations: ['Encrypt', 'DescribeKey'] });
      const called = call('Encrypt', { KeyId: key.keyId, Plaintext: 'AA==', EncryptionContext }, bob);
      if (isAllowed) await called;
      else await expect(called).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
      await call('DescribeKey', { KeyId: key.keyId }, bob);
    },
  );

  it.each<[child: object, isAllowed: boolean]>([
    [{ Operations: ['Decrypt'], Constraints: { EncryptionContextSubset: { a: '1' } } }, true],
    [{ Operations: ['Decrypt', 'CreateGrant'], Constraints: { EncryptionContextSubset: { a: '1', b: '2' } } }, true],
    [{ Operations: ['Decrypt'], Constraints: { EncryptionContextEquals: { a: '1', b: '2' } } }, true],
    [{ Operations: ['Decrypt'], Constraints: { EncryptionContextEquals: { b: '2' } } }, false],
    [{ Operations: ['Decrypt'], Constraints: { EncryptionContextSubset: { b: '2' } } }, false],
    [{ Operations: ['Decrypt'] }, false],
    [{ Operations: ['Decrypt', 'Encrypt'], Constraints: { EncryptionContextSubset: { a: '1' } } }, false],
  ])('that allows CreateGrant, makes %j: %j', async (child, isAllowed) => {
    await grant({ Operations: ['Decrypt', 'CreateGrant'], Constraints: { EncryptionContextSubset: { a: '1' } } });
    const made = grant({ GranteePrincipal: ALICE, ...child }, bob);
    if (isAllowed) await made;
    else await expect(made).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
  });

  it.each<[who: string, caller: Asked, members: object, isAllowed: boolean]>([
    ['the account', root, {}, true],
    ['a delegate of the account', { identity: [allow('kms:RetireGrant')] }, {}, true],
    ['another user', {}, {}, false],
    ['the grantee', bob, {}, false],
    ['the grantee whom the grant lets', bob, { Operations: ['Decrypt', 'RetireGrant'] }, true],
    ['the retiring principal', {}, { RetiringPrincipal: ALICE }, true],
    [
      'the retiring principal, who is denied',
      { identity: [{ ...allow('kms:RetireGrant'), Effect: 'Deny' }] },
      { RetiringPrincipal: ALICE },
      false,
    ],
    [
      'a session of the retiring role',
      { awsPrincipalArn: 'arn:aws:sts::444455556666:assumed-role/Engineering/s' },
      { RetiringPrincipal: STRANGER },
      true,
    ],
    [
      'a delegate of the retiring account',
      { awsPrincipalArn: STRANGER, identity: [allow('kms:RetireGrant')] },
      { RetiringPrincipal: 'arn:aws:iam::444455556666:root' },
      true,
    ],
    [
      'a caller of that account without policy',
      { awsPrincipalArn: STRANGER },
      { RetiringPrincipal: 'arn:aws:iam::444455556666:root' },
      false,
    ],
    ['a stranger with a policy', { awsPrincipalArn: STRANGER, identity: [allow('kms:*')] }, {}, false],
  ])('is retired by %s: %#', async (_, caller, members, isAllowed) => {
    const { GrantId, GrantToken } = await grant(members);
    for (const input of [{ KeyId: key.keyId, GrantId, DryRun: true }, { GrantToken }]) {
      const errorName = !isAllowed
        ? 'AccessDeniedException'
        : 'DryRun' in input
          ? 'DryRunOperationException'
          : undefined;
      const retired = call('RetireGrant', input, caller);
      if (errorName === undefined) await retired;
      else await expect(retired).rejects.toMatchObject({ errorName });
    }
  });
});

it('without evaluation, every caller may do everything', async () => {
  kms.evaluatePolicies = false;
  setPolicy({ ...allow('kms:*'), Effect: 'Deny', Principal: '*' });
  await call('DescribeKey', { KeyId: key.keyId }, { identity: [{ ...allow('kms:*'), Effect: 'Deny' }] });
  await call('ListKeys', {}, { awsPrincipalArn: STRANGER });
});
