import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterFailureReason } from '../../../src/cloudHsm/clusterFailure.ts';
import { keyArn } from '../../../src/kms/arn.ts';
import type { CloudTrailEvent } from '../../../src/kms/events/cloudTrailEvent.ts';
import { EventTrail } from '../../../src/kms/events/eventTrail.ts';
import { CLUSTER_FAILURE_TABLE, type ClusterProblem } from '../../../src/kms/failures/clusterFailureTable.ts';
import { deleteKeyMaterial } from '../../../src/kms/kmsUser/deleteKeyMaterial.ts';
import { decrypt } from '../../../src/kms/operations/cryptography/decrypt.ts';
import { encrypt } from '../../../src/kms/operations/cryptography/encrypt.ts';
import { generateDataKey } from '../../../src/kms/operations/cryptography/generateDataKey.ts';
import { reEncrypt } from '../../../src/kms/operations/cryptography/reEncrypt.ts';
import { createKey } from '../../../src/kms/operations/keys/createKey.ts';
import { deleteDueKeys } from '../../../src/kms/operations/keys/deleteDueKeys.ts';
import { describeKey } from '../../../src/kms/operations/keys/describeKey.ts';
import type { CloudHsmKey, CloudHsmKeyStore, KeyMaterialDeletion } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const PLAINTEXT = Buffer.from('attack at dawn').toString('base64');

let kms: LocalKmsUnderTest;
let store: CloudHsmKeyStore;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  store = kms.addCloudHsmKeyStore();
});

function deleteHsms(count: number): void {
  const hsms = kms.state.hsms.list({ clusterId: store.cloudHsmClusterId });
  for (const { hsmId } of hsms.slice(0, count)) kms.state.hsms.delete(hsmId);
}

async function blobOf({ keyId }: { readonly keyId: string }, EncryptionContext = {}): Promise<string> {
  const output = await kms.call(encrypt, { KeyId: keyId, Plaintext: PLAINTEXT, EncryptionContext });
  return (output?.['CiphertextBlob'] as Buffer).toString('base64');
}

describe('CreateKey', () => {
  const request = () => ({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: store.customKeyStoreId });

  it('makes key material in the cluster, labelled with the ARN, and reports its id in the event', async () => {
    const { KeyMetadata } = (await kms.call(createKey, { ...request(), Description: 'é' })) ?? {};
    const [keyId = ''] = kms.state.keys.ids();
    const arn = keyArn(kms.identity, keyId);
    expect(KeyMetadata).toEqual({
      AWSAccountId: '111122223333',
      KeyId: keyId,
      Arn: arn,
      CreationDate: new Date(kms.now),
      Enabled: true,
      Description: 'é',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_CLOUDHSM',
      CustomKeyStoreId: store.customKeyStoreId,
      CloudHsmClusterId: store.cloudHsmClusterId,
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
    });
    const [backingKeyId] = kms.kmsUser.keys.keys();
    expect(kms.state.keys.find(keyId)).toMatchObject({ backingKeyId });
    expect(kms.kmsUser.labels).toEqual([arn]);
    expect(kms.noted).toEqual([
      { customKeyStoreId: store.customKeyStoreId, backingKey: JSON.stringify({ backingKeyId }) },
    ]);
    expect(kms.resources).toEqual([arn]);
  });

  it.each([
    ['ValidationException', { CustomKeyStoreId: null }],
    ['ValidationException', { XksKeyId: 'foo' }],
    ['ValidationException', { KeyUsage: 'SIGN_VERIFY' }],
    ['UnsupportedOperationException', { KeySpec: 'RSA_2048' }],
    ['UnsupportedOperationException', { MultiRegion: true }],
    ['CustomKeyStoreNotFoundException', { CustomKeyStoreId: 'cks-00000000000000000' }],
  ])('%s: %j', async (errorName, changes) => {
    await expect(kms.call(createKey, { ...request(), ...changes })).rejects.toMatchObject({ errorName });
    expect(kms.kmsUser.keys.size).toBe(0);
  });

  it('needs the Origin of the key store', async () => {
    const external = kms.addKeyStore().customKeyStoreId;
    const errorName = 'ValidationException';
    await expect(kms.call(createKey, { ...request(), CustomKeyStoreId: external })).rejects.toMatchObject({
      errorName,
      message: `The Origin of a key in ${external} must be EXTERNAL_KEY_STORE, which is the type of the custom key store.`,
    });
    const other = { ...request(), Origin: 'EXTERNAL_KEY_STORE', XksKeyId: 'foo' };
    await expect(kms.call(createKey, other)).rejects.toMatchObject({ errorName });
  });

  it('needs the key store CONNECTED', async () => {
    kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'DISCONNECTED');
    await expect(kms.call(createKey, request())).rejects.toMatchObject({
      errorName: 'CustomKeyStoreInvalidStateException',
      message: expect.stringContaining('not connected to its CloudHSM cluster') as string,
    });
  });

  it.each([1, 2])('needs two active HSMs, and fails after %i were deleted', async (count) => {
    deleteHsms(count);
    await expect(kms.call(createKey, request())).rejects.toMatchObject({
      errorName: 'CloudHsmClusterInvalidConfigurationException',
    });
    expect(kms.kmsUser.keys.size).toBe(0);
  });

  it.each<[ClusterFailureReason, string]>([
    ['unreachable', 'DependencyTimeoutException'],
    ['no free session', 'KMSInternalException'],
    ['locked out', 'CustomKeyStoreInvalidStateException'],
    ['wrong password', 'CustomKeyStoreInvalidStateException'],
    ['failed', 'KMSInternalException'],
  ])('in a cluster that reports "%s" is %s', async (reason, errorName) => {
    kms.kmsUser.callFailure = reason;
    const { message } = CLUSTER_FAILURE_TABLE[reason];
    await expect(kms.call(createKey, request())).rejects.toMatchObject({ errorName, message });
    expect(kms.state.keys.ids()).toEqual([]);
    // Only a cluster that does not answer may have made the key material.
    expect(kms.state.keyMaterialDeletions.list()).toHaveLength(reason === 'unreachable' ? 1 : 0);
  });

  it('remembers key material that is being made, and does not delete it meanwhile', async () => {
    const events = new EventTrail();
    const call = kms.call(createKey, request());
    const [deletion] = kms.state.keyMaterialDeletions.list();
    expect(deletion).toMatchObject({ customKeyStoreId: store.customKeyStoreId });
    await deleteKeyMaterial(kms, events);
    await call;
    expect(kms.kmsUser.keys.has(deletion?.backingKeyId ?? '')).toBe(true);
    expect(kms.state.keyMaterialDeletions.list()).toEqual([]);
    expect(events.latest).toEqual([]);
    // The state that a run leaves if it ended meanwhile.
    const left = { ...deletion, keyId: 'left', backingKeyId: kms.kmsUser.makeKey() } as KeyMaterialDeletion;
    kms.state.keyMaterialDeletions.put(left);
    await deleteKeyMaterial(kms, events);
    expect(kms.kmsUser.keys.has(left.backingKeyId)).toBe(false);
  });

  it('schedules key material for deletion if the key store is disconnected meanwhile', async () => {
    const call = kms.call(createKey, request());
    kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'DISCONNECTING');
    await expect(call).rejects.toMatchObject({ errorName: 'CustomKeyStoreInvalidStateException' });
    const [backingKeyId] = kms.kmsUser.keys.keys();
    expect(kms.state.keyMaterialDeletions.list()).toMatchObject([{ backingKeyId }]);
  });
});

describe('a key in a cluster', () => {
  let key: CloudHsmKey;
  beforeEach(() => {
    key = kms.addClusterKey(store.customKeyStoreId);
  });
  const state = async () => {
    const output = await kms.call(describeKey, { KeyId: key.keyId });
    return (output?.['KeyMetadata'] as { KeyState: string }).KeyState;
  };

  it('encrypts and decrypts, bound to its context, to itself, and to every byte', async () => {
    const blob = await blobOf(key, { a: 'b' });
    const output = await kms.call(decrypt, { CiphertextBlob: blob, EncryptionContext: { a: 'b' } });
    expect(output?.['Plaintext']).toEqual(Buffer.from('attack at dawn'));
    const { customKeyStoreId } = store;
    expect(kms.noted).toEqual(Array.from({ length: 2 }, () => ({ customKeyStoreId, backingKeyId: key.backingKeyId })));
    expect(kms.taken).toEqual([customKeyStoreId, customKeyStoreId]);
    const errorName = 'InvalidCiphertextException';
    await expect(kms.call(decrypt, { CiphertextBlob: blob })).rejects.toMatchObject({ errorName });
    const sameMaterial = kms.addClusterKey(customKeyStoreId, { backingKeyId: key.backingKeyId });
    const bytes = Buffer.from(blob, 'base64');
    Buffer.from(sameMaterial.keyId.replaceAll('-', ''), 'hex').copy(bytes, 1);
    const moved = { CiphertextBlob: bytes.toString('base64'), EncryptionContext: { a: 'b' } };
    await expect(kms.call(decrypt, moved)).rejects.toMatchObject({ errorName });
  });

  it('generates data keys, and is a source and a destination of ReEncrypt with external keys', async () => {
    const dataKey = await kms.call(generateDataKey, { KeyId: key.keyId, KeySpec: 'AES_256' });
    const external = kms.addKey(kms.addKeyStore().customKeyStoreId);
    const CiphertextBlob = (dataKey?.['CiphertextBlob'] as Buffer).toString('base64');
    const there = await kms.call(reEncrypt, { CiphertextBlob, DestinationKeyId: external.keyId });
    const outside = (there?.['CiphertextBlob'] as Buffer).toString('base64');
    const back = await kms.call(reEncrypt, { CiphertextBlob: outside, DestinationKeyId: key.keyId });
    const inside = (back?.['CiphertextBlob'] as Buffer).toString('base64');
    for (const blob of [outside, inside]) {
      expect((await kms.call(decrypt, { CiphertextBlob: blob }))?.['Plaintext']).toEqual(dataKey?.['Plaintext']);
    }
    expect(kms.noted).toContainEqual({
      sourceCustomKeyStoreId: store.customKeyStoreId,
      sourceBackingKeyId: key.backingKeyId,
    });
  });

  it.each<[ClusterFailureReason, string]>([
    ['unreachable', 'KMSInvalidStateException'],
    ['locked out', 'KMSInvalidStateException'],
    ['wrong password', 'KMSInvalidStateException'],
    ['user not found', 'KMSInvalidStateException'],
    ['logged in elsewhere', 'KMSInvalidStateException'],
    ['no free session', 'KMSInternalException'],
    ['failed', 'KMSInternalException'],
  ])('whose cluster reports "%s" fails with %s, and stays Enabled', async (reason, errorName) => {
    const blob = await blobOf(key);
    kms.kmsUser.callFailure = reason;
    const { message } = CLUSTER_FAILURE_TABLE[reason];
    await expect(blobOf(key)).rejects.toMatchObject({ errorName, message });
    await expect(kms.call(decrypt, { CiphertextBlob: blob })).rejects.toMatchObject({ errorName, message });
    expect(await state()).toBe('Enabled');
    kms.kmsUser.callFailure = undefined;
    await expect(blobOf(key)).resolves.toBeDefined();
  });

  it('reports a missing active HSM or a missing cluster', async () => {
    const refused = (problem: ClusterProblem) =>
      expect(blobOf(key)).rejects.toMatchObject({
        errorName: 'KMSInvalidStateException',
        message: CLUSTER_FAILURE_TABLE[problem].message,
      });
    deleteHsms(2);
    await refused('no active HSM');
    const cluster = kms.state.clusters.find(store.cloudHsmClusterId);
    if (cluster) kms.state.clusters.put({ ...cluster, state: 'DELETED' });
    await refused('cluster not found');
    expect(await state()).toBe('Enabled');
  });

  it('fails if its key material is gone, and is Unavailable from then on', async () => {
    kms.kmsUser.keys.delete(key.backingKeyId);
    const { message } = CLUSTER_FAILURE_TABLE['key not found'];
    await expect(blobOf(key)).rejects.toMatchObject({ errorName: 'KMSInvalidStateException', message });
    expect(await state()).toBe('Unavailable');
    await expect(blobOf(key)).rejects.toMatchObject({ errorName: 'KMSInvalidStateException', message });
  });

  it('is Unavailable while its key store is not connected, except during PendingDeletion', async () => {
    const pending = kms.addClusterKey(store.customKeyStoreId, { state: 'PendingDeletion', deletionDate: kms.now + 1 });
    kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'FAILED', 'NETWORK_ERRORS');
    expect(await state()).toBe('Unavailable');
    await expect(blobOf(key)).rejects.toMatchObject({ errorName: 'KMSInvalidStateException' });
    expect(await kms.call(describeKey, { KeyId: pending.keyId })).toMatchObject({
      KeyMetadata: { KeyState: 'PendingDeletion' },
    });
  });
});

describe('at the end of the waiting period', () => {
  let key: CloudHsmKey;
  let events: EventTrail;
  beforeEach(() => {
    key = kms.addClusterKey(store.customKeyStoreId, { state: 'PendingDeletion', deletionDate: kms.now });
    events = new EventTrail();
  });

  /** The DeleteKey event of the key. */
  async function deleted(): Promise<CloudTrailEvent | undefined> {
    deleteDueKeys(kms, events);
    expect(kms.state.keys.ids()).toEqual([]);
    expect(events.latest).toEqual([]);
    await deleteKeyMaterial(kms, events);
    expect(kms.state.keyMaterialDeletions.list()).toEqual([]);
    await deleteKeyMaterial(kms, events);
    expect(events.latest).toHaveLength(1);
    return events.latest[0];
  }

  it('a local KMS that ends leaves the remaining key material to the next run', async () => {
    kms.addClusterKey(store.customKeyStoreId, { state: 'PendingDeletion', deletionDate: kms.now });
    deleteDueKeys(kms, events);
    const ending = new AbortController();
    const deleting = deleteKeyMaterial(kms, events, ending.signal);
    ending.abort();
    await deleting;
    expect(kms.state.keyMaterialDeletions.list()).toHaveLength(1);
    expect([events.latest.length, kms.kmsUser.keys.size]).toEqual([1, 1]);
  });

  it('key material is deleted, and the event says SUCCESS', async () => {
    const { backingKeyId } = key;
    expect(await deleted()).toMatchObject({
      eventName: 'DeleteKey',
      eventType: 'AwsServiceEvent',
      additionalEventData: {
        customKeyStoreId: store.customKeyStoreId,
        clusterId: store.cloudHsmClusterId,
        backingKeys: `[{"backingKeyId":"${backingKeyId}"}]`,
        backingKeysDeletionStatus: `[{"backingKeyId":"${backingKeyId}","deletionStatus":"SUCCESS"}]`,
      },
    });
    expect(kms.kmsUser.keys.size).toBe(0);
  });

  it.each<[string, () => void, string]>([
    [
      'of a key store that is not connected',
      () => {
        kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'DISCONNECTED');
      },
      'FAILURE',
    ],
    [
      'of a key store that was deleted meanwhile',
      () => {
        deleteDueKeys(kms, events);
        kms.state.customKeyStores.delete(store.customKeyStoreId);
      },
      'FAILURE',
    ],
    [
      'in a cluster that cannot be reached',
      () => {
        kms.kmsUser.callFailure = 'unreachable';
      },
      'FAILURE',
    ],
    [
      'in a cluster whose kmsuser has another password',
      () => {
        kms.kmsUser.loginFailure = 'wrong password';
      },
      'FAILURE',
    ],
    [
      'that is gone already',
      () => {
        kms.kmsUser.keys.clear();
      },
      'SUCCESS',
    ],
  ])('key material %s', async (_, prepare, deletionStatus) => {
    prepare();
    expect(await deleted()).toMatchObject({
      additionalEventData: {
        backingKeysDeletionStatus: `[{"backingKeyId":"${key.backingKeyId}","deletionStatus":"${deletionStatus}"}]`,
      },
    });
  });
});
