import { beforeEach, describe, expect, it } from 'vitest';
import { FAILURE_TABLE } from '../../../src/kms/failures/failureTable.ts';
import { createKey } from '../../../src/kms/operations/keys/createKey.ts';
import { defaultKeyPolicy } from '../../../src/kms/operations/keys/keyPolicy.ts';
import type { ExternalKeyStore } from '../../../src/kms/state/records.ts';
import { XksProxyFailure, type FailureReason } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const NOT_CONNECTED = {
  errorName: 'CustomKeyStoreInvalidStateException',
  message:
    'This KMS key is in a custom key store that is not connected to its external key store proxy. ' +
    'Connect the external key store and try the request again.',
};
const IN_USE = {
  errorName: 'XksKeyAlreadyInUseException',
  message: 'The external key foo is in use: this external key store already has a KMS key for it.',
};

let kms: LocalKmsUnderTest;
let store: ExternalKeyStore;
let request: Record<string, unknown>;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  store = kms.addKeyStore();
  request = { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: store.customKeyStoreId, XksKeyId: 'foo' };
});

function onlyKey() {
  const [keyId = '', ...others] = kms.state.keys.ids();
  expect(others).toEqual([]);
  const key = kms.state.keys.find(keyId);
  if (key?.origin !== 'EXTERNAL_KEY_STORE') throw new Error('there is no external key');
  return key;
}

describe('CreateKey', () => {
  it('returns the metadata of an enabled key, and stores it with its own key material', async () => {
    const output = await kms.call(createKey, request);
    const { keyId, keyMaterial, ...rest } = onlyKey();
    expect(output).toEqual({
      KeyMetadata: {
        AWSAccountId: '111122223333',
        KeyId: keyId,
        Arn: `arn:aws:kms:us-east-1:111122223333:key/${keyId}`,
        CreationDate: new Date(kms.now),
        Enabled: true,
        Description: '',
        KeyUsage: 'ENCRYPT_DECRYPT',
        KeyState: 'Enabled',
        Origin: 'EXTERNAL_KEY_STORE',
        CustomKeyStoreId: store.customKeyStoreId,
        KeyManager: 'CUSTOMER',
        CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
        KeySpec: 'SYMMETRIC_DEFAULT',
        EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
        MultiRegion: false,
        XksKeyConfiguration: { Id: 'foo' },
      },
    });
    expect(keyId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(keyMaterial.symmetricKeySize).toBe(32);
    expect(rest).toMatchObject({ xksKeyId: 'foo', state: 'Enabled', deletionDate: undefined, tags: [] });
    expect(JSON.parse(rest.policy)).toEqual({
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          Sid: 'Enable IAM User Permissions',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:root' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });
  });

  it('keeps the given values, and gives every key its own key material', async () => {
    const Tags = [{ TagKey: 'a', TagValue: '' }];
    const usual = { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT', MultiRegion: false };
    const Policy = ` ${defaultKeyPolicy('111122223333')}`;
    await kms.call(createKey, { ...request, ...usual, Description: 'é', Policy, Tags });
    const first = onlyKey();
    expect(first).toMatchObject({ description: 'é', policy: Policy, tags: [{ key: 'a', value: '' }] });
    await kms.call(createKey, { ...request, XksKeyId: 'bar', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' });
    const second = kms.state.keys.findByXksKeyId(store.customKeyStoreId, 'bar');
    expect(second?.keyMaterial.equals(first.keyMaterial)).toBe(false);
  });

  it('asks the proxy once for the metadata of the external key, with the caller and its network', async () => {
    await kms.call(createKey, request, { awsSourceVpc: 'vpc-1', awsSourceVpce: 'vpce-1', kmsViaService: 's3' });
    await kms.call(createKey, { ...request, XksKeyId: 'bar' });
    const [first, second, ...others] = kms.xksProxy.calls;
    expect(others).toEqual([]);
    const kmsRequestId = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
    const awsPrincipalArn = 'arn:aws:iam::111122223333:user/Alice';
    const metadata = { kmsRequestId, kmsOperation: 'CreateKey', awsPrincipalArn };
    const call = { proxy: store.proxy, customKeyStoreId: store.customKeyStoreId, xksOperation: 'GetKeyMetadata' };
    expect(first).toStrictEqual({
      ...call,
      xksKeyId: 'foo',
      requestMetadata: { ...metadata, awsSourceVpc: 'vpc-1', awsSourceVpce: 'vpce-1' },
    });
    expect(second).toStrictEqual({ ...call, xksKeyId: 'bar', requestMetadata: metadata });
  });

  it('accepts the external key of another key store', async () => {
    kms.addKey(kms.addKeyStore().customKeyStoreId);
    await kms.call(createKey, request);
    expect(kms.state.keys.findByXksKeyId(store.customKeyStoreId, 'foo')).toBeDefined();
  });
});

describe('CreateKey refuses without a call to the proxy', () => {
  const imported =
    'The local KMS does not import key material: Origin must be AWS_KMS, AWS_CLOUDHSM or EXTERNAL_KEY_STORE.';
  const custom = 'The Origin of a key in a custom key store must be AWS_CLOUDHSM or EXTERNAL_KEY_STORE.';
  const one = '1 validation error detected: Value ';
  const reserved = 'Tags beginning with aws: are reserved';
  const tag = (TagKey: string, TagValue = '') => ({ TagKey, TagValue });
  const characters = 'Tags can have only letters, digits, spaces and the characters _.:/=+-@';

  it.each<[string, Record<string, unknown>, string, string]>([
    ['another Origin', { Origin: 'EXTERNAL', XksKeyId: null }, 'UnsupportedOperationException', imported],
    ['a key store, and no Origin', { Origin: null, XksKeyId: null }, 'ValidationException', custom],
    [
      'XksKeyId with another Origin',
      { Origin: 'AWS_CLOUDHSM' },
      'ValidationException',
      'XksKeyId is valid only for keys whose Origin is EXTERNAL_KEY_STORE.',
    ],
    [
      'no key store',
      { CustomKeyStoreId: null },
      'ValidationException',
      'A key whose Origin is EXTERNAL_KEY_STORE needs a CustomKeyStoreId.',
    ],
    [
      'no external key',
      { XksKeyId: null },
      'ValidationException',
      'A key whose Origin is EXTERNAL_KEY_STORE needs an XksKeyId.',
    ],
    [
      'both names of one member',
      { KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
      'ValidationException',
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    ],
    [
      'another KeySpec',
      { KeySpec: 'RSA_2048' },
      'UnsupportedOperationException',
      'A key in a custom key store must have the KeySpec SYMMETRIC_DEFAULT, not RSA_2048.',
    ],
    [
      'another CustomerMasterKeySpec',
      { CustomerMasterKeySpec: 'HMAC_256' },
      'UnsupportedOperationException',
      'A key in a custom key store must have the KeySpec SYMMETRIC_DEFAULT, not HMAC_256.',
    ],
    [
      'another KeyUsage',
      { KeyUsage: 'SIGN_VERIFY' },
      'ValidationException',
      'KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT.',
    ],
    [
      'a multi-Region key',
      { MultiRegion: true },
      'UnsupportedOperationException',
      'A key in a custom key store cannot be a multi-Region key.',
    ],
    [
      'an external key id that is none',
      { XksKeyId: 'a/b' },
      'ValidationException',
      `${one}'a/b' at 'xksKeyId' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: ^[a-zA-Z0-9-_.]+$',
    ],
    [
      'an unknown key store',
      { CustomKeyStoreId: 'cks-0' },
      'CustomKeyStoreNotFoundException',
      'Custom key store cks-0 does not exist.',
    ],
    ['a policy that is no JSON', { Policy: '{' }, 'MalformedPolicyDocumentException', 'Policy is not a JSON object'],
    [
      'a policy that is a list',
      { Policy: '[]' },
      'MalformedPolicyDocumentException',
      'Policy must be an object with Version and Statement',
    ],
    [
      'a policy that locks the caller out',
      { Policy: defaultKeyPolicy('444455556666') },
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    ],
    ['a tag of AWS', { Tags: [tag('aws:a')] }, 'TagException', reserved],
    ['a tag of AWS in capitals', { Tags: [tag('AWS:a')] }, 'TagException', reserved],
    ['a tag key twice', { Tags: [tag('a'), tag('b'), tag('a', 'x')] }, 'TagException', 'Duplicate tag keys'],
    ['a tag key of two lines', { Tags: [tag('a\nb')] }, 'TagException', characters],
    ['a tag value of other characters', { Tags: [tag('a', '<b>')] }, 'TagException', characters],
    ['51 tags', { Tags: Array.from({ length: 51 }, (_, index) => tag(`k${index}`)) }, 'TagException', 'Too many tags'],
    [
      'a tag without a key',
      { Tags: [tag('a'), tag('')] },
      'ValidationException',
      `${one}'' at 'tags.2.member.tagKey' failed to satisfy constraint: ` +
        'Member must have length greater than or equal to 1',
    ],
  ])('%s', async (_, changes, errorName, message) => {
    await expect(kms.call(createKey, { ...request, ...changes })).rejects.toMatchObject({ errorName, message });
    expect(kms.xksProxy.calls).toEqual([]);
    expect(kms.state.keys.ids()).toEqual([]);
  });

  it.each(['CONNECTING', 'FAILED', 'DISCONNECTED', 'DISCONNECTING'] as const)('a key store %s', async (state) => {
    kms.state.customKeyStores.setConnection(store.customKeyStoreId, state);
    await expect(kms.call(createKey, request)).rejects.toMatchObject(NOT_CONNECTED);
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it('an external key that a KMS key uses, even if that is pending deletion', async () => {
    const { keyId } = kms.addKey(store.customKeyStoreId, { state: 'PendingDeletion', deletionDate: kms.now + 1 });
    await expect(kms.call(createKey, request)).rejects.toMatchObject(IN_USE);
    expect(kms.xksProxy.calls).toEqual([]);
    expect(onlyKey().keyId).toBe(keyId);
  });
});

describe('CreateKey refuses, after the answer of the proxy,', () => {
  it.each([
    [
      { keySpec: 'RSA_2048' },
      'The key spec of the external key must be AES_256. The key spec of specified external key is RSA_2048.',
    ],
    [
      { keyStatus: 'DISABLED' },
      'The status of the external key must be ENABLED. The status of specified external key is DISABLED.',
    ],
    [
      { keyUsage: ['ENCRYPT'] },
      'The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is ENCRYPT.',
    ],
    [
      { keyUsage: ['DECRYPT', 'WRAP'] },
      'The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is DECRYPT, WRAP.',
    ],
  ])('an external key with %j', async (metadata, message) => {
    kms.xksProxy.addKey('foo', metadata);
    const refusal = { errorName: 'XksKeyInvalidConfigurationException', message };
    await expect(kms.call(createKey, request)).rejects.toMatchObject(refusal);
    expect(kms.state.keys.ids()).toEqual([]);
  });

  it('an external key that does not exist', async () => {
    await expect(kms.call(createKey, { ...request, XksKeyId: 'no' })).rejects.toMatchObject({
      errorName: 'XksKeyNotFoundException',
      message: FAILURE_TABLE.KeyNotFoundException.message,
      detail: 'no key no',
    });
  });

  it.each(Object.entries(FAILURE_TABLE))('a call that fails: %s', async (reason, { createKey: errorName, message }) => {
    kms.xksProxy.failure = new XksProxyFailure(reason as FailureReason, 'the proxy’s words');
    const refusal = { errorName, message, detail: 'the proxy’s words' };
    await expect(kms.call(createKey, request)).rejects.toMatchObject(refusal);
    expect(kms.state.keys.ids()).toEqual([]);
  });
});

describe('CreateKey fails if, during the call to the proxy, it', () => {
  function refusalAfter(change: () => void) {
    let answer = (): void => undefined;
    kms.xksProxy.pause = new Promise<void>((resolve) => (answer = resolve));
    const creation = kms.call(createKey, request);
    change();
    answer();
    return expect(creation).rejects;
  }

  it('loses its key store', async () => {
    const message = `Custom key store ${store.customKeyStoreId} does not exist.`;
    const refusal = refusalAfter(() => {
      kms.state.customKeyStores.delete(store.customKeyStoreId);
    });
    await refusal.toMatchObject({ errorName: 'CustomKeyStoreNotFoundException', message });
  });

  it('loses the connection of its key store', async () => {
    const refusal = refusalAfter(() => {
      kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'DISCONNECTING');
    });
    await refusal.toMatchObject(NOT_CONNECTED);
  });

  it('loses its external key to another request', async () => {
    const results = await Promise.allSettled([kms.call(createKey, request), kms.call(createKey, request)]);
    expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: IN_USE }]);
    expect(kms.xksProxy.calls).toHaveLength(2);
    expect(onlyKey().xksKeyId).toBe('foo');
  });
});
