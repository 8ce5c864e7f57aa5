import { beforeEach, describe, expect, it } from 'vitest';
import { getKeyPolicy } from '../../../src/kms/operations/keys/getKeyPolicy.ts';
import { listKeyPolicies } from '../../../src/kms/operations/keys/listKeyPolicies.ts';
import { putKeyPolicy } from '../../../src/kms/operations/keys/putKeyPolicy.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const NO_SUCH = { errorName: 'NotFoundException', message: 'No such policy exists' };
const ACCOUNT = 'arn:aws:iam::111122223333:root';
const ALICE = 'arn:aws:iam::111122223333:user/Alice';
const CONTROL = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'kms:*', Resource: '*' };

let kms: LocalKmsUnderTest;
let KeyId: string;
let old: string | undefined;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  KeyId = kms.addKey(kms.addKeyStore().customKeyStoreId).keyId;
  old = kms.state.keys.find(KeyId)?.policy;
});

function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

describe('the key policy', () => {
  it('is kept unchanged, and is called default', async () => {
    const before = { Policy: old, PolicyName: 'default' };
    expect(await kms.call(getKeyPolicy, { KeyId })).toEqual(before);
    expect(await kms.call(getKeyPolicy, { KeyId, PolicyName: 'default' })).toEqual(before);
    const Policy = `\n ${policyOf(CONTROL)}`;
    const output = await kms.call(putKeyPolicy, { KeyId, PolicyName: 'default', Policy });
    expect(output).toBeUndefined();
    expect(await kms.call(getKeyPolicy, { KeyId })).toEqual({ Policy, PolicyName: 'default' });
    expect(await kms.call(listKeyPolicies, { KeyId })).toEqual({ PolicyNames: ['default'], Truncated: false });
  });

  it('has no other name', async () => {
    await expect(kms.call(getKeyPolicy, { KeyId, PolicyName: 'other' })).rejects.toMatchObject(NO_SUCH);
    const put = kms.call(putKeyPolicy, { KeyId, PolicyName: 'other', Policy: policyOf(CONTROL) });
    await expect(put).rejects.toMatchObject(NO_SUCH);
    expect(kms.state.keys.find(KeyId)?.policy).toBe(old);
  });

  it('has at most 32 KiB', async () => {
    const padded = (bytes: number): string => policyOf(CONTROL).padEnd(bytes);
    await kms.call(putKeyPolicy, { KeyId, Policy: padded(32_768) });
    const refusal = { errorName: 'LimitExceededException', message: 'A key policy has at most 32768 bytes' };
    await expect(kms.call(putKeyPolicy, { KeyId, Policy: padded(32_769) })).rejects.toMatchObject(refusal);
  });
});

const PRINCIPALS = 'Policy contains a statement with one or more invalid principals.';
const NOT_JSON = 'Policy is not a JSON object';
const NO_OBJECT = 'Policy must be an object with Version and Statement';

const REFUSED_STATEMENTS: readonly (readonly [statement: object, message: unknown])[] = [
  [{ ...CONTROL, Effect: 'allow' }, 'Statement[0].Effect must be Allow or Deny'],
  [{ ...CONTROL, Effect: undefined }, 'Statement[0].Effect must be Allow or Deny'],
  [{ ...CONTROL, Action: undefined }, 'Statement[0].Action must list actions'],
  [{ ...CONTROL, Action: [] }, 'Statement[0].Action must list actions'],
  [{ ...CONTROL, Action: 'Encrypt' }, 'Statement[0].Action[0] must be an action such as kms:Decrypt'],
  [{ ...CONTROL, NotAction: 'kms:Sign' }, 'Statement[0].Action cannot be combined with NotAction'],
  [{ ...CONTROL, Conditions: {} }, 'Statement[0] Unrecognized key: "Conditions"'],
  [
    { ...CONTROL, Condition: { StringMatches: { 'kms:ViaService': 'x' } } },
    'Statement[0].Condition.StringMatches is not a condition operator',
  ],
  [
    { ...CONTROL, Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } },
    'Statement[0].Condition.NotIpAddress["aws:SourceIp"] must be an IP address, or a block such as 10.0.0.0/8',
  ],
  [
    { ...CONTROL, Condition: { 'ForAllValues:StringEquals': { 'kms:EncryptionContext:a': 'b' } } },
    expect.stringContaining('OverlyPermissiveCondition:EncryptionContext: Using the ForAllValues set operator'),
  ],
  [{ ...CONTROL, Principal: undefined }, PRINCIPALS],
  [{ ...CONTROL, Principal: 'x' }, PRINCIPALS],
  [{ ...CONTROL, Principal: [] }, PRINCIPALS],
  [{ ...CONTROL, Principal: {} }, PRINCIPALS],
  [{ ...CONTROL, Principal: { AWS: [] } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { AWS: 'Alice' } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { AWS: [ACCOUNT, 'arn:aws:iam::111122223333:group/Admins'] } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { AWS: 'arn:aws:iam::111122223333:user/*' } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { AWS: 'arn:aws:iam::1111:root' } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { AWS: 'AIDAIOSFODNN7EXAMPLE' } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { Service: 's3' } }, PRINCIPALS],
  [{ ...CONTROL, Principal: { Everyone: '*' } }, PRINCIPALS],
  [{ ...CONTROL, NotPrincipal: { AWS: ACCOUNT } }, PRINCIPALS],
];

const REFUSED: readonly (readonly [Policy: string, message: unknown])[] = [
  ['x', NOT_JSON],
  ['{}{}', NOT_JSON],
  [policyOf({ ...CONTROL, Condition: { StringEquals: { proto: 'x' } } }).replace('proto', '__proto__'), NOT_JSON],
  ['"{}"', NO_OBJECT],
  ['[{}]', NO_OBJECT],
  ['null', NO_OBJECT],
  ['{}', 'Statement must have statements'],
  ['{"Statement":[]}', 'Statement must have statements'],
  ['{"Statement":"x"}', 'Statement[0] must be a statement'],
  ['{"Version":"2012-10-18","Statement":[]}', 'Version must be 2012-10-17, in quotes'],
  [JSON.stringify({ Statement: CONTROL, Sttement: 1 }), 'Policy Unrecognized key: "Sttement"'],
  ...REFUSED_STATEMENTS.map(([statement, message]) => [policyOf(statement), message] as const),
];

describe('PutKeyPolicy refuses an invalid key policy:', () => {
  it.each(REFUSED)('%s', async (Policy, message) => {
    const refusal = { errorName: 'MalformedPolicyDocumentException', message };
    for (const bypass of [false, true]) {
      const put = kms.call(putKeyPolicy, { KeyId, Policy, BypassPolicyLockoutSafetyCheck: bypass });
      await expect(put).rejects.toMatchObject(refusal);
    }
    expect(kms.state.keys.find(KeyId)?.policy).toBe(old);
  });
});

it('PutKeyPolicy refuses a policy that is nested deeply', async () => {
  const Policy = `{"Statement":${'['.repeat(16_000)}${']'.repeat(16_000)}}`;
  const refusal = { errorName: 'MalformedPolicyDocumentException' };
  await expect(kms.call(putKeyPolicy, { KeyId, Policy })).rejects.toMatchObject(refusal);
});

describe('PutKeyPolicy accepts', () => {
  it.each([
    ['a statement that is not in a list', JSON.stringify({ Statement: CONTROL })],
    ['an account id', policyOf({ ...CONTROL, Principal: { AWS: '111122223333' } })],
    ['everyone', policyOf({ ...CONTROL, Principal: '*' })],
    ['a statement without resource, of no effect', policyOf(CONTROL, { ...CONTROL, Resource: undefined })],
    ['principals of any account', policyOf(CONTROL, { ...CONTROL, Principal: { AWS: '444455556666' } })],
    [
      'services and sessions',
      policyOf(CONTROL, {
        ...CONTROL,
        Principal: {
          Service: ['logs.us-east-1.amazonaws.com'],
          AWS: 'arn:aws:sts::111122223333:assumed-role/Role/session',
        },
      }),
    ],
    [
      'conditions of all types',
      policyOf(CONTROL, {
        ...CONTROL,
        Condition: { Bool: { 'aws:SecureTransport': false }, NumericLessThan: { 'kms:a': 1 } },
      }),
    ],
  ])('%s', async (_, Policy) => {
    await kms.call(putKeyPolicy, { KeyId, Policy });
    expect(kms.state.keys.find(KeyId)?.policy).toBe(Policy);
  });
});

describe('PutKeyPolicy prevents a lockout of the caller', () => {
  const only = (changes: object): string => policyOf({ ...CONTROL, ...changes });
  it.each([
    ['the account', only({}), true],
    ['the caller', only({ Principal: { AWS: ALICE }, Action: 'kms:PutKeyPolicy' }), true],
    ['a pattern of actions', only({ Action: 'kms:put*' }), true],
    ['the key', only({ Resource: 'arn:aws:kms:us-east-1:111122223333:key/*' }), true],
    ['another account', only({ Principal: { AWS: 'arn:aws:iam::444455556666:root' } }), false],
    ['another user', only({ Principal: { AWS: 'arn:aws:iam::111122223333:user/Bob' } }), false],
    ['another action', only({ Action: 'kms:Decrypt' }), false],
    ['all but that action', only({ Action: undefined, NotAction: 'kms:PutKeyPolicy' }), false],
    ['no resource', only({ Resource: undefined }), false],
    [
      'a condition that does not hold',
      only({ Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } } }),
      false,
    ],
    [
      'a denial',
      policyOf(CONTROL, { ...CONTROL, Effect: 'Deny', Action: 'kms:PutKeyPolicy', Principal: { AWS: ALICE } }),
      false,
    ],
  ])('with %s alone', async (_, Policy, isTaken) => {
    const put = kms.call(putKeyPolicy, { KeyId, Policy });
    if (isTaken) await put;
    else {
      await expect(put).rejects.toMatchObject({
        errorName: 'MalformedPolicyDocumentException',
        message: 'The new key policy will not allow you to update the key policy in the future.',
      });
    }
    await kms.call(putKeyPolicy, { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true });
    expect(kms.state.keys.find(KeyId)?.policy).toBe(Policy);
  });
});
