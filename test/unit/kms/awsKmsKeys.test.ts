import { beforeEach, describe, expect, it, vi } from 'vitest';
import { keyArn } from '../../../src/kms/arn.ts';
import { readCiphertextBlob, writeCiphertextBlob } from '../../../src/kms/cryptography/ciphertextBlob.ts';
import type { CloudTrailEvent } from '../../../src/kms/events/cloudTrailEvent.ts';
import { EventTrail } from '../../../src/kms/events/eventTrail.ts';
import { CLUSTER_FAILURE_TABLE } from '../../../src/kms/failures/clusterFailureTable.ts';
import { decrypt } from '../../../src/kms/operations/cryptography/decrypt.ts';
import { encrypt } from '../../../src/kms/operations/cryptography/encrypt.ts';
import { generateDataKey } from '../../../src/kms/operations/cryptography/generateDataKey.ts';
import { generateDataKeyWithoutPlaintext } from '../../../src/kms/operations/cryptography/generateDataKeyWithoutPlaintext.ts';
import { generateRandom } from '../../../src/kms/operations/cryptography/generateRandom.ts';
import { reEncrypt } from '../../../src/kms/operations/cryptography/reEncrypt.ts';
import { createKey } from '../../../src/kms/operations/keys/createKey.ts';
import { deleteDueKeys } from '../../../src/kms/operations/keys/deleteDueKeys.ts';
import { describeKey } from '../../../src/kms/operations/keys/describeKey.ts';
import { disableKey } from '../../../src/kms/operations/keys/disableKey.ts';
import { enableKey } from '../../../src/kms/operations/keys/enableKey.ts';
import { getKeyLastUsage } from '../../../src/kms/operations/keys/getKeyLastUsage.ts';
import { IMPOSSIBLE_OPERATIONS } from '../../../src/kms/operations/keys/impossibleOperations.ts';
import { scheduleKeyDeletion } from '../../../src/kms/operations/keys/scheduleKeyDeletion.ts';
import { OPERATIONS } from '../../../src/kms/operations/operations.ts';
import { disableKeyRotation } from '../../../src/kms/operations/rotation/disableKeyRotation.ts';
import { enableKeyRotation } from '../../../src/kms/operations/rotation/enableKeyRotation.ts';
import { getKeyRotationStatus } from '../../../src/kms/operations/rotation/getKeyRotationStatus.ts';
import { listKeyRotations } from '../../../src/kms/operations/rotation/listKeyRotations.ts';
import { rotateDueKeys } from '../../../src/kms/operations/rotation/rotateDueKeys.ts';
import { rotateKeyOnDemand } from '../../../src/kms/operations/rotation/rotateKeyOnDemand.ts';
import type { AwsKmsKey } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const PLAINTEXT = Buffer.from('attack at dawn').toString('base64');
const MATERIAL_ID = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

let kms: LocalKmsUnderTest;
let key: AwsKmsKey;
let KeyId: string;
let arn: string;
beforeEach(async () => {
  kms = new LocalKmsUnderTest();
  key = await kms.addAwsKmsKey();
  KeyId = key.keyId;
  arn = keyArn(kms.identity, KeyId);
});

function base64(output: Readonly<Record<string, unknown>> | undefined, member = 'CiphertextBlob'): string {
  return (output?.[member] as Buffer).toString('base64');
}

async function currentMaterial(): Promise<string> {
  const output = await kms.call(describeKey, { KeyId });
  return (output?.['KeyMetadata'] as { CurrentKeyMaterialId: string }).CurrentKeyMaterialId;
}

describe('CreateKey', () => {
  it.each([{}, { Origin: 'AWS_KMS' }])('of %j makes a key with key material of KMS', async (input) => {
    const output = await kms.call(createKey, { ...input, Description: 'é' });
    const metadata = output?.['KeyMetadata'] as Record<string, unknown>;
    expect(metadata).toEqual({
      AWSAccountId: '111122223333',
      KeyId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      Arn: keyArn(kms.identity, String(metadata['KeyId'])),
      CreationDate: new Date(kms.now),
      Enabled: true,
      Description: 'é',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
      CurrentKeyMaterialId: MATERIAL_ID,
    });
  });

  it.each([
    ['UnsupportedOperationException', { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }],
    ['UnsupportedOperationException', { MultiRegion: true }],
    ['UnsupportedOperationException', { Origin: 'EXTERNAL' }],
    ['ValidationException', { KeyUsage: 'SIGN_VERIFY' }],
    ['ValidationException', { CustomKeyStoreId: 'cks-00000000000000000' }],
    ['ValidationException', { XksKeyId: 'foo' }],
  ])('%s: %j', async (errorName, input) => {
    await expect(kms.call(createKey, input)).rejects.toMatchObject({ errorName });
    expect(kms.state.keys.ids()).toEqual([KeyId]);
  });
});

describe('a key with key material of KMS', () => {
  it('refuses the same bytes with the beginning of the tag as the end of the initialization vector', async () => {
    const blob = (await kms.call(encrypt, { KeyId, Plaintext: PLAINTEXT }))?.['CiphertextBlob'] as Buffer;
    const { sealed } = readCiphertextBlob(blob);
    const { initializationVector, authenticationTag, ciphertext } = sealed;
    const bytes = Buffer.concat([initializationVector, authenticationTag, ciphertext]);
    const moved = {
      ...sealed,
      initializationVector: bytes.subarray(0, 16),
      authenticationTag: bytes.subarray(16, 32),
      ciphertext: bytes.subarray(32),
    };
    const CiphertextBlob = writeCiphertextBlob({ keyId: KeyId, sealed: moved }).toString('base64');
    await expect(kms.call(decrypt, { CiphertextBlob })).rejects.toMatchObject({
      errorName: 'InvalidCiphertextException',
    });
  });

  it('encrypts and decrypts, bound to its context, itself and every byte, and reports its key material', async () => {
    const context = { EncryptionContext: { a: 'b' } };
    const CiphertextBlob = base64(await kms.call(encrypt, { KeyId, Plaintext: PLAINTEXT, ...context }));
    expect(await kms.call(decrypt, { CiphertextBlob, ...context })).toEqual({
      KeyId: arn,
      Plaintext: Buffer.from('attack at dawn'),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      KeyMaterialId: await currentMaterial(),
    });
    const errorName = 'InvalidCiphertextException';
    await expect(kms.call(decrypt, { CiphertextBlob })).rejects.toMatchObject({ errorName });
    const bytes = Buffer.from(CiphertextBlob, 'base64');
    // After the format and the key id.
    for (let offset = 17; offset < bytes.length; offset += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(offset) ^ 1, offset);
      const call = kms.call(decrypt, { CiphertextBlob: changed.toString('base64'), ...context });
      await expect(call).rejects.toMatchObject({ errorName });
    }
    expect(Object.assign({}, ...kms.noted)).toEqual({});
    expect(kms.taken).toEqual([]);
  });

  it('generates data keys, and re-encrypts to and from an external key', async () => {
    const KeyMaterialId = await currentMaterial();
    const dataKey = await kms.call(generateDataKey, { KeyId, KeySpec: 'AES_256' });
    expect(dataKey).toMatchObject({ KeyId: arn, KeyMaterialId });
    const without = await kms.call(generateDataKeyWithoutPlaintext, { KeyId, KeySpec: 'AES_256' });
    expect(without).toEqual({ KeyId: arn, KeyMaterialId, CiphertextBlob: expect.any(Buffer) as Buffer });
    const external = kms.addKey(kms.addKeyStore().customKeyStoreId);
    const there = await kms.call(reEncrypt, { CiphertextBlob: base64(dataKey), DestinationKeyId: external.keyId });
    expect(there).toMatchObject({ SourceKeyMaterialId: KeyMaterialId, DestinationKeyMaterialId: undefined });
    const back = await kms.call(reEncrypt, { CiphertextBlob: base64(there), DestinationKeyId: KeyId });
    expect(back).toMatchObject({ SourceKeyMaterialId: undefined, DestinationKeyMaterialId: KeyMaterialId });
    const opened = await kms.call(decrypt, { CiphertextBlob: base64(back) });
    expect(opened?.['Plaintext']).toEqual(dataKey?.['Plaintext']);
  });

  it('is deleted with its key material, and an event reports it', async () => {
    const CiphertextBlob = base64(await kms.call(encrypt, { KeyId, Plaintext: PLAINTEXT }));
    await kms.call(scheduleKeyDeletion, { KeyId, PendingWindowInDays: 7 });
    await expect(kms.call(decrypt, { CiphertextBlob })).rejects.toMatchObject({
      errorName: 'KMSInvalidStateException',
    });
    kms.now += 7 * kms.dayMs;
    const events = new EventTrail();
    deleteDueKeys(kms, events);
    expect(events.latest).toMatchObject([{ eventName: 'DeleteKey', responseElements: { keyId: arn } }]);
    expect(kms.state.keyMaterials.list(KeyId)).toEqual([]);
    await expect(kms.call(decrypt, { CiphertextBlob })).rejects.toMatchObject({ errorName: 'AccessDeniedException' });
  });
});

describe('rotation', () => {
  const status = () => kms.call(getKeyRotationStatus, { KeyId });
  const rotations = async (input = {}) => {
    const output = await kms.call(listKeyRotations, { KeyId, ...input });
    return output?.['Rotations'] as readonly Readonly<Record<string, unknown>>[];
  };
  const afterDays = (days: number) => {
    kms.now += days * kms.dayMs;
    rotateDueKeys(kms);
  };

  it('on demand creates new key material, and old ciphertexts still decrypt', async () => {
    const first = await currentMaterial();
    const CiphertextBlob = base64(await kms.call(encrypt, { KeyId, Plaintext: PLAINTEXT }));
    kms.now += 1;
    expect(await kms.call(rotateKeyOnDemand, { KeyId })).toEqual({ KeyId: arn });
    const second = await currentMaterial();
    expect(second).not.toBe(first);
    expect(await kms.call(decrypt, { CiphertextBlob })).toMatchObject({
      Plaintext: Buffer.from('attack at dawn'),
      KeyMaterialId: first,
    });
    expect(await kms.call(generateDataKey, { KeyId, NumberOfBytes: 1 })).toMatchObject({ KeyMaterialId: second });
    const rotated = {
      KeyId,
      KeyMaterialId: second,
      KeyMaterialState: 'CURRENT',
      RotationDate: new Date(kms.now),
      RotationType: 'ON_DEMAND',
    };
    expect(await rotations()).toEqual([rotated]);
    const original = { KeyId, KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT' };
    expect(await rotations({ IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).toEqual([original, rotated]);
    expect(await status()).toMatchObject({ KeyRotationEnabled: false });
  });

  it('on demand is limited to 25 times', async () => {
    for (let count = 0; count < 25; count += 1) await kms.call(rotateKeyOnDemand, { KeyId });
    await expect(kms.call(rotateKeyOnDemand, { KeyId })).rejects.toMatchObject({
      errorName: 'LimitExceededException',
      message: expect.stringMatching(new RegExp(`^The on-demand rotations limit .* for this key: ${arn}$`)) as string,
    });
    const page = await kms.call(listKeyRotations, { KeyId, Limit: 20 });
    expect(page).toMatchObject({ Truncated: true });
    const next = await kms.call(listKeyRotations, { KeyId, Limit: 20, Marker: page?.['NextMarker'] });
    expect(next).toMatchObject({ Truncated: false });
    expect(next?.['Rotations']).toHaveLength(5);
  });

  it('happens after each period, unless the key is Disabled, until it is turned off', async () => {
    expect(await kms.call(enableKeyRotation, { KeyId, RotationPeriodInDays: 90 })).toBeUndefined();
    const next = new Date(kms.now + 90 * kms.dayMs);
    expect(await status()).toEqual({
      KeyId,
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate: next,
    });
    afterDays(89);
    expect(await rotations()).toEqual([]);
    afterDays(1);
    expect(await rotations()).toMatchObject([{ RotationType: 'AUTOMATIC', RotationDate: next }]);
    await kms.call(disableKey, { KeyId });
    afterDays(90);
    expect(await rotations()).toHaveLength(1);
    await kms.call(enableKey, { KeyId });
    afterDays(0);
    expect(await rotations()).toHaveLength(2);
    await kms.call(disableKeyRotation, { KeyId });
    afterDays(900);
    expect(await rotations()).toHaveLength(2);
    expect(await status()).toMatchObject({ KeyRotationEnabled: false, RotationPeriodInDays: undefined });
  });

  it('has a period of a year, or the previous one', async () => {
    await kms.call(enableKeyRotation, { KeyId });
    expect(await status()).toMatchObject({ RotationPeriodInDays: 365 });
    await kms.call(enableKeyRotation, { KeyId, RotationPeriodInDays: 2560 });
    await kms.call(enableKeyRotation, { KeyId });
    expect(await status()).toMatchObject({ RotationPeriodInDays: 2560 });
    await expect(kms.call(enableKeyRotation, { KeyId, RotationPeriodInDays: 89 })).rejects.toMatchObject({
      errorName: 'ValidationException',
    });
  });

  it.each(['Disabled', 'PendingDeletion'] as const)('of a key that is %s', async (state) => {
    kms.state.keys.setState(KeyId, state, kms.now + 1_000_000);
    const errorName = state === 'Disabled' ? 'DisabledException' : 'KMSInvalidStateException';
    for (const operation of [enableKeyRotation, disableKeyRotation, rotateKeyOnDemand]) {
      await expect(kms.call(operation, { KeyId })).rejects.toMatchObject({ errorName });
    }
    for (const operation of [getKeyRotationStatus, listKeyRotations]) {
      const call = expect(kms.call(operation, { KeyId }));
      if (state === 'Disabled') await call.resolves.toBeDefined();
      else await call.rejects.toMatchObject({ errorName });
    }
  });

  it('is refused for keys in custom key stores', async () => {
    const external = kms.addKey(kms.addKeyStore().customKeyStoreId);
    const inCluster = kms.addClusterKey(kms.addCloudHsmKeyStore().customKeyStoreId);
    for (const { keyId, origin } of [external, inCluster]) {
      for (const operation of [
        enableKeyRotation,
        disableKeyRotation,
        rotateKeyOnDemand,
        getKeyRotationStatus,
        listKeyRotations,
      ]) {
        await expect(kms.call(operation, { KeyId: keyId })).rejects.toMatchObject({
          errorName: 'UnsupportedOperationException',
          message: `${keyArn(kms.identity, keyId)} origin is ${origin} which is not valid for this operation.`,
        });
      }
    }
  });
});

describe('if the state file fails halfway', () => {
  const fail = (): never => {
    throw new Error('the disk is full');
  };

  it('no key lacks key material', async () => {
    vi.spyOn(kms.state.keyMaterials, 'insert').mockImplementation(fail);
    await expect(kms.call(createKey, {})).rejects.toThrow('the disk is full');
    expect(kms.state.keys.ids()).toEqual([KeyId]);
  });

  it('no rotation is repeated', async () => {
    await kms.call(enableKeyRotation, { KeyId });
    kms.now += 366 * kms.dayMs;
    vi.spyOn(kms.state.keys, 'setRotation').mockImplementation(fail);
    expect(() => {
      rotateDueKeys(kms);
    }).toThrow('the disk is full');
    expect(kms.state.keyMaterials.list(KeyId)).toHaveLength(1);
  });
});

describe('GenerateRandom', () => {
  const lengthOf = async (input: object) => ((await kms.call(generateRandom, input))?.['Plaintext'] as Buffer).length;

  it('returns bytes from KMS, or from the cluster of a connected key store', async () => {
    expect(await lengthOf({ NumberOfBytes: 1024 })).toBe(1024);
    expect(kms.taken).toEqual([]);
    const { customKeyStoreId } = kms.addCloudHsmKeyStore();
    expect(await lengthOf({ NumberOfBytes: 12, CustomKeyStoreId: customKeyStoreId })).toBe(12);
    expect(kms.taken).toEqual([customKeyStoreId]);
    kms.kmsUser.callFailure = 'unreachable';
    await expect(lengthOf({ NumberOfBytes: 12, CustomKeyStoreId: customKeyStoreId })).rejects.toMatchObject({
      errorName: 'DependencyTimeoutException',
    });
    kms.state.customKeyStores.setConnection(customKeyStoreId, 'DISCONNECTED');
    await expect(lengthOf({ NumberOfBytes: 12, CustomKeyStoreId: customKeyStoreId })).rejects.toMatchObject({
      errorName: 'CustomKeyStoreInvalidStateException',
    });
  });

  it.each(['cluster', 'HSM'] as const)('reports that the %s of a connected key store is gone', async (gone) => {
    const { customKeyStoreId: CustomKeyStoreId, cloudHsmClusterId: clusterId } = kms.addCloudHsmKeyStore();
    if (gone === 'cluster') kms.addCluster({ clusterId, state: 'DELETED' });
    else for (const { hsmId } of kms.state.hsms.list({ clusterId })) kms.state.hsms.delete(hsmId);
    await expect(lengthOf({ NumberOfBytes: 12, CustomKeyStoreId })).rejects.toMatchObject({
      errorName: 'CustomKeyStoreInvalidStateException',
      message: CLUSTER_FAILURE_TABLE[gone === 'cluster' ? 'cluster not found' : 'no active HSM'].message,
    });
  });

  it.each([
    ['ValidationException', {}],
    ['ValidationException', { NumberOfBytes: 0 }],
    ['ValidationException', { NumberOfBytes: 1025 }],
    ['CustomKeyStoreNotFoundException', { NumberOfBytes: 1, CustomKeyStoreId: 'cks-00000000000000000' }],
    ['UnsupportedOperationException', { NumberOfBytes: 1, Recipient: {} }],
  ])('%s: %j', async (errorName, input) => {
    await expect(kms.call(generateRandom, input)).rejects.toMatchObject({ errorName });
  });

  it('is refused for an external key store, even if it is connected', async () => {
    for (const state of ['CONNECTED', 'DISCONNECTED'] as const) {
      const { customKeyStoreId: CustomKeyStoreId } = kms.addKeyStore({}, state);
      await expect(kms.call(generateRandom, { NumberOfBytes: 1, CustomKeyStoreId })).rejects.toMatchObject({
        errorName: 'UnsupportedOperationException',
      });
    }
  });
});

describe('GetKeyLastUsage', () => {
  const event = (eventName: string, changes: Partial<CloudTrailEvent> = {}): CloudTrailEvent =>
    ({
      eventName,
      eventSource: 'kms.amazonaws.com',
      eventID: `id of ${eventName}`,
      requestID: 'request',
      resources: [{ accountId: '111122223333', type: 'AWS::KMS::Key', ARN: arn }],
      ...changes,
    }) as CloudTrailEvent;

  it('reports the last successful use since the local KMS started or the key was created', async () => {
    const [started, created] = [kms.keyUsage.trackingStartDate, key.creationDate];
    const dates = { TrackingStartDate: new Date(Math.max(started, created)), KeyCreationDate: new Date(created) };
    expect(await kms.call(getKeyLastUsage, { KeyId })).toEqual({ KeyId: arn, KeyLastUsage: undefined, ...dates });
    kms.keyUsage.record(event('Encrypt'));
    kms.now += 1_000;
    kms.keyUsage.record(event('DescribeKey'));
    kms.keyUsage.record(event('Decrypt', { errorCode: 'DisabledException' }));
    expect(await kms.call(getKeyLastUsage, { KeyId })).toEqual({
      KeyId: arn,
      KeyLastUsage: {
        Operation: 'Encrypt',
        Timestamp: new Date(kms.now - 1_000),
        CloudTrailEventId: 'id of Encrypt',
        KmsRequestId: 'request',
      },
      ...dates,
    });
  });
});

describe('operations that no key here supports', () => {
  it.each(Object.keys(IMPOSSIBLE_OPERATIONS))('%s finds the key first', async (name) => {
    const call = kms.call(OPERATIONS[name] ?? createKey, { KeyId: '00000000-0000-4000-8000-000000000000' });
    await expect(call).rejects.toMatchObject({ errorName: 'NotFoundException' });
    await expect(kms.call(OPERATIONS[name] ?? createKey, { KeyId })).rejects.toMatchObject({
      errorName: expect.stringMatching(/^(UnsupportedOperation|InvalidKeyUsage)Exception$/) as string,
    });
  });

  it.each([
    ['Sign', 'InvalidKeyUsageException', 'key usage is ENCRYPT_DECRYPT which is not valid for Sign.'],
    ['GetPublicKey', 'UnsupportedOperationException', 'is a symmetric encryption key, which has no public key.'],
    ['ReplicateKey', 'UnsupportedOperationException', 'is not a multi-Region primary key.'],
    [
      'ImportKeyMaterial',
      'UnsupportedOperationException',
      'origin is EXTERNAL_KEY_STORE which is not valid for this operation.',
    ],
    [
      'GenerateDataKeyPair',
      'UnsupportedOperationException',
      'origin is EXTERNAL_KEY_STORE which is not valid for this operation.',
    ],
  ])('%s of a key in an external key store is %s', async (name, errorName, what) => {
    const { keyId } = kms.addKey(kms.addKeyStore().customKeyStoreId);
    const message = `${keyArn(kms.identity, keyId)} ${what}`;
    const call = kms.call(IMPOSSIBLE_OPERATIONS[name] ?? createKey, { KeyId: keyId });
    await expect(call).rejects.toMatchObject({ errorName, message });
  });
});
