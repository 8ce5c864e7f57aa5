import { describe, expect, it } from 'vitest';
import { createAlias } from '../../../src/kms/operations/aliases/createAlias.ts';
import { deleteAlias } from '../../../src/kms/operations/aliases/deleteAlias.ts';
import { listAliases } from '../../../src/kms/operations/aliases/listAliases.ts';
import { updateAlias } from '../../../src/kms/operations/aliases/updateAlias.ts';
import { cancelKeyDeletion } from '../../../src/kms/operations/keys/cancelKeyDeletion.ts';
import { describeKey } from '../../../src/kms/operations/keys/describeKey.ts';
import { disableKey } from '../../../src/kms/operations/keys/disableKey.ts';
import { enableKey } from '../../../src/kms/operations/keys/enableKey.ts';
import { getKeyPolicy } from '../../../src/kms/operations/keys/getKeyPolicy.ts';
import { defaultKeyPolicy } from '../../../src/kms/operations/keys/keyPolicy.ts';
import { keyStateOf, requireUsable } from '../../../src/kms/operations/keys/keyState.ts';
import { listKeyPolicies } from '../../../src/kms/operations/keys/listKeyPolicies.ts';
import { listKeys } from '../../../src/kms/operations/keys/listKeys.ts';
import { listResourceTags } from '../../../src/kms/operations/keys/listResourceTags.ts';
import { putKeyPolicy } from '../../../src/kms/operations/keys/putKeyPolicy.ts';
import { scheduleKeyDeletion } from '../../../src/kms/operations/keys/scheduleKeyDeletion.ts';
import { tagResource } from '../../../src/kms/operations/keys/tagResource.ts';
import { untagResource } from '../../../src/kms/operations/keys/untagResource.ts';
import { updateKeyDescription } from '../../../src/kms/operations/keys/updateKeyDescription.ts';
import type { Operation } from '../../../src/kms/operations/operation.ts';
import type { ConnectionState, KmsKey, StoredKeyState } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const POLICY = defaultKeyPolicy('111122223333').replace('key-default-1', 'another');
const ALL: readonly ConnectionState[] = ['CONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTED', 'DISCONNECTING'];
const UNCONNECTED = ALL.slice(1);

function keyIn(state: StoredKeyState, connectionState: ConnectionState) {
  const kms = new LocalKmsUnderTest();
  const store = kms.addKeyStore({}, connectionState);
  const deletionDate = state === 'PendingDeletion' ? kms.now + kms.dayMs : undefined;
  const key = kms.addKey(store.customKeyStoreId, { state, deletionDate });
  const arn = `arn:aws:kms:us-east-1:111122223333:key/${key.keyId}`;
  return { kms, store, key, arn };
}

/** The stored fields of a key, without its key material. */
function stored(kms: LocalKmsUnderTest, { keyId }: KmsKey) {
  const { keyMaterial, ...rest } = { keyMaterial: undefined, ...kms.state.keys.find(keyId) };
  expect(keyMaterial).toBeDefined();
  return rest;
}

describe('keyStateOf', () => {
  it.each<StoredKeyState>(['Enabled', 'Disabled', 'PendingDeletion'])('is the stored state: %s', (state) => {
    const { kms, key } = keyIn(state, 'CONNECTED');
    expect(keyStateOf(kms, key)).toBe(state);
  });

  it.each(UNCONNECTED)('is Unavailable while the key store is %s, except pending deletion', (connectionState) => {
    for (const state of ['Enabled', 'Disabled'] as const) {
      const { kms, key, store } = keyIn(state, connectionState);
      expect(keyStateOf(kms, key)).toBe('Unavailable');
      kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'CONNECTED');
      expect(keyStateOf(kms, key)).toBe(state);
    }
    const { kms, key } = keyIn('PendingDeletion', connectionState);
    expect(keyStateOf(kms, key)).toBe('PendingDeletion');
  });
});

describe('requireUsable', () => {
  const use =
    ({ kms, key }: ReturnType<typeof keyIn>) =>
    () => {
      requireUsable(kms, key);
    };

  it('accepts an enabled key', () => {
    expect(use(keyIn('Enabled', 'CONNECTED'))).not.toThrow();
  });

  it('refuses a disabled key', () => {
    const made = keyIn('Disabled', 'CONNECTED');
    const refusal = { errorName: 'DisabledException', message: `${made.arn} is disabled.` };
    expect(use(made)).toThrow(expect.objectContaining(refusal));
  });

  it.each(ALL)('refuses a key that is pending deletion, %s', (connectionState) => {
    const made = keyIn('PendingDeletion', connectionState);
    const refusal = { errorName: 'KMSInvalidStateException', message: `${made.arn} is pending deletion.` };
    expect(use(made)).toThrow(expect.objectContaining(refusal));
  });

  it.each(UNCONNECTED)('refuses any other key of a key store that is %s', (connectionState) => {
    for (const state of ['Enabled', 'Disabled'] as const) {
      const made = keyIn(state, connectionState);
      const message =
        `${made.arn} is unavailable. This KMS key is in a custom key store that is not connected to its external key store ` +
        'proxy. Connect the external key store and try the request again.';
      const refusal = { errorName: 'KMSInvalidStateException', message };
      expect(use(made)).toThrow(expect.objectContaining(refusal));
    }
  });
});

interface Row {
  readonly name: string;
  readonly operation: Operation;
  readonly input: (key: KmsKey) => Record<string, unknown>;
  /** The message of KMSInvalidStateException; absent if the operation succeeds. */
  readonly refused: Partial<Record<StoredKeyState, 'is pending deletion.' | 'is not pending deletion.'>>;
  /** The change of the stored fields, if the operation succeeds. */
  readonly change?: Partial<KmsKey>;
}

const ALIAS = 'alias/of-the-key';
const onKey = ({ keyId }: KmsKey) => ({ KeyId: keyId });
const pending = { PendingDeletion: 'is pending deletion.' } as const;
const never = {};

// AWS KMS Developer Guide, "Key state table". An Unavailable key is stored as Enabled or Disabled.
const TABLE: readonly Row[] = [
  { name: 'DescribeKey', operation: describeKey, input: onKey, refused: never },
  { name: 'ListKeys', operation: listKeys, input: () => ({}), refused: never },
  { name: 'ListAliases', operation: listAliases, input: onKey, refused: never },
  { name: 'GetKeyPolicy', operation: getKeyPolicy, input: onKey, refused: never },
  { name: 'ListKeyPolicies', operation: listKeyPolicies, input: onKey, refused: never },
  { name: 'ListResourceTags', operation: listResourceTags, input: onKey, refused: never },
  {
    name: 'PutKeyPolicy',
    operation: putKeyPolicy,
    input: (key) => ({ ...onKey(key), Policy: POLICY }),
    refused: never,
    change: { policy: POLICY },
  },
  { name: 'EnableKey', operation: enableKey, input: onKey, refused: pending, change: { state: 'Enabled' } },
  { name: 'DisableKey', operation: disableKey, input: onKey, refused: pending, change: { state: 'Disabled' } },
  {
    name: 'ScheduleKeyDeletion',
    operation: scheduleKeyDeletion,
    input: onKey,
    refused: pending,
    change: { state: 'PendingDeletion', deletionDate: Date.UTC(2026, 0, 31) },
  },
  {
    name: 'CancelKeyDeletion',
    operation: cancelKeyDeletion,
    input: onKey,
    refused: { Enabled: 'is not pending deletion.', Disabled: 'is not pending deletion.' },
    change: { state: 'Disabled', deletionDate: undefined },
  },
  {
    name: 'UpdateKeyDescription',
    operation: updateKeyDescription,
    input: (key) => ({ ...onKey(key), Description: 'new' }),
    refused: pending,
    change: { description: 'new' },
  },
  {
    name: 'TagResource',
    operation: tagResource,
    input: (key) => ({ ...onKey(key), Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    refused: pending,
    change: { tags: [{ key: 'a', value: 'b' }] },
  },
  {
    name: 'UntagResource',
    operation: untagResource,
    input: (key) => ({ ...onKey(key), TagKeys: ['a'] }),
    refused: pending,
  },
  {
    name: 'CreateAlias',
    operation: createAlias,
    input: ({ keyId }) => ({ AliasName: 'alias/new', TargetKeyId: keyId }),
    refused: pending,
  },
  {
    name: 'UpdateAlias',
    operation: updateAlias,
    input: ({ keyId }) => ({ AliasName: ALIAS, TargetKeyId: keyId }),
    refused: pending,
  },
  { name: 'DeleteAlias', operation: deleteAlias, input: () => ({ AliasName: ALIAS }), refused: never },
];

describe.each(TABLE)('$name', ({ operation, input, refused, change }) => {
  const cells = ALL.flatMap((connectionState) =>
    (['Enabled', 'Disabled', 'PendingDeletion'] as const).map((state) => ({ state, connectionState })),
  );
  it.each(cells)(
    'succeeds or is refused as by KMS if the key is $state and its key store $connectionState',
    async ({ state, connectionState }) => {
      const { kms, key, arn } = keyIn(state, connectionState);
      kms.state.aliases.put({ aliasName: ALIAS, targetKeyId: key.keyId, creationDate: 1, lastUpdatedDate: 1 });
      const before = stored(kms, key);
      const sentence = refused[state];
      if (sentence === undefined) {
        await kms.call(operation, input(key));
        expect(stored(kms, key)).toEqual({ ...before, ...change });
      } else {
        const refusal = { errorName: 'KMSInvalidStateException', message: `${arn} ${sentence}` };
        await expect(kms.call(operation, input(key))).rejects.toMatchObject(refusal);
        expect(stored(kms, key)).toEqual(before);
      }
    },
  );
});

describe('a key that is Unavailable', () => {
  it.each([
    [disableKey, 'Enabled', 'Disabled'],
    [enableKey, 'Disabled', 'Enabled'],
  ] as const)('becomes enabled or disabled after it is available again', async (operation, from, to) => {
    const { kms, key, store } = keyIn(from, 'DISCONNECTED');
    await kms.call(operation, { KeyId: key.keyId });
    expect(await kms.call(describeKey, { KeyId: key.keyId })).toMatchObject({
      KeyMetadata: { KeyState: 'Unavailable' },
    });
    kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'CONNECTED');
    expect(await kms.call(describeKey, { KeyId: key.keyId })).toMatchObject({ KeyMetadata: { KeyState: to } });
  });

  it('shows that its deletion is scheduled, and is Unavailable again after that is cancelled', async () => {
    const { kms, key, store } = keyIn('Enabled', 'DISCONNECTED');
    await kms.call(scheduleKeyDeletion, { KeyId: key.keyId });
    expect(await kms.call(describeKey, { KeyId: key.keyId })).toMatchObject({
      KeyMetadata: { KeyState: 'PendingDeletion' },
    });
    await kms.call(cancelKeyDeletion, { KeyId: key.keyId });
    expect(await kms.call(describeKey, { KeyId: key.keyId })).toMatchObject({
      KeyMetadata: { KeyState: 'Unavailable' },
    });
    kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'CONNECTED');
    expect(await kms.call(describeKey, { KeyId: key.keyId })).toMatchObject({ KeyMetadata: { KeyState: 'Disabled' } });
  });
});
