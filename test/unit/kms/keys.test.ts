import { beforeEach, describe, expect, it } from 'vitest';
import { cancelKeyDeletion } from '../../../src/kms/operations/keys/cancelKeyDeletion.ts';
import { describeKey } from '../../../src/kms/operations/keys/describeKey.ts';
import { listKeys } from '../../../src/kms/operations/keys/listKeys.ts';
import { scheduleKeyDeletion } from '../../../src/kms/operations/keys/scheduleKeyDeletion.ts';
import { updateKeyDescription } from '../../../src/kms/operations/keys/updateKeyDescription.ts';
import type { ExternalKey } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

let kms: LocalKmsUnderTest;
let key: ExternalKey;
let arn: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  key = kms.addKey(kms.addKeyStore().customKeyStoreId, { description: 'é' });
  arn = `arn:aws:kms:us-east-1:111122223333:key/${key.keyId}`;
});

describe('DescribeKey', () => {
  it('shows a key, also by its alias, without calling a proxy', async () => {
    kms.state.aliases.put({ aliasName: 'alias/x', targetKeyId: key.keyId, creationDate: 1, lastUpdatedDate: 1 });
    const output = await kms.call(describeKey, { KeyId: 'alias/x' });
    expect(output).toEqual(await kms.call(describeKey, { KeyId: key.keyId }));
    expect(output).toMatchObject({
      KeyMetadata: { Arn: arn, Description: 'é', Enabled: true, XksKeyConfiguration: { Id: 'foo' } },
    });
    expect(output?.['KeyMetadata']).not.toHaveProperty('DeletionDate');
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it.each([
    ['Disabled', undefined],
    ['PendingDeletion', Date.UTC(2026, 1, 1)],
  ] as const)('shows that a key is %s', async (state, deletionDate) => {
    kms.state.keys.setState(key.keyId, state, deletionDate);
    const dates = deletionDate === undefined ? {} : { DeletionDate: new Date(deletionDate) };
    expect(await kms.call(describeKey, { KeyId: arn })).toMatchObject({
      KeyMetadata: { KeyState: state, Enabled: false, ...dates },
    });
  });
});

describe('ListKeys', () => {
  it('returns all keys, in pages', async () => {
    const others = ['b', 'c'].map((xksKeyId) => kms.addKey(key.customKeyStoreId, { xksKeyId }));
    const ids = [key, ...others].map(({ keyId }) => keyId).sort();
    const entries = ids.map((keyId) => ({
      KeyId: keyId,
      KeyArn: `arn:aws:kms:us-east-1:111122223333:key/${keyId}`,
    }));
    expect(await kms.call(listKeys, {})).toEqual({ Keys: entries, Truncated: false });
    const first = await kms.call(listKeys, { Limit: 2 });
    expect(first).toMatchObject({ Keys: entries.slice(0, 2), Truncated: true });
    expect(await kms.call(listKeys, { Limit: 2, Marker: first?.['NextMarker'] })).toEqual({
      Keys: entries.slice(2),
      Truncated: false,
    });
  });

  it('returns them unless only keys of other accounts are requested', async () => {
    const own = { Keys: [{ KeyId: key.keyId, KeyArn: arn }], Truncated: false };
    for (const ResourceOwners of [['SELF'], ['OTHER_ACCOUNTS_VIA_RAM', 'SELF']]) {
      expect(await kms.call(listKeys, { ResourceOwners })).toEqual(own);
    }
    expect(await kms.call(listKeys, { ResourceOwners: ['OTHER_ACCOUNTS_VIA_RAM'] })).toEqual({
      Keys: [],
      Truncated: false,
    });
  });

  it('refuses a marker that it did not return', async () => {
    const refusal = { errorName: 'InvalidMarkerException', message: 'Marker is not valid.' };
    await expect(kms.call(listKeys, { Marker: key.keyId })).rejects.toMatchObject(refusal);
  });
});

describe('ScheduleKeyDeletion', () => {
  it.each([
    [{}, 30],
    [{ PendingWindowInDays: 7 }, 7],
    [{ PendingWindowInDays: 30 }, 30],
  ])('with %j', async (window, days) => {
    expect(await kms.call(scheduleKeyDeletion, { KeyId: key.keyId, ...window })).toEqual({
      KeyId: arn,
      DeletionDate: new Date(kms.now + days * 86_400_000),
      KeyState: 'PendingDeletion',
      PendingWindowInDays: days,
    });
  });

  it('works if a day is shorter than a millisecond', async () => {
    kms.dayMs = 0.1;
    expect(await kms.call(scheduleKeyDeletion, { KeyId: key.keyId, PendingWindowInDays: 8 })).toMatchObject({
      DeletionDate: new Date(kms.now + 1),
    });
  });

  it.each([
    [6, 'PendingWindowInDays must be between 7 and 30 (inclusive)'],
    [31, 'PendingWindowInDays must be between 7 and 30 (inclusive)'],
    [
      0,
      "1 validation error detected: Value '0' at 'pendingWindowInDays' failed to satisfy constraint: " +
        'Member must have value greater than or equal to 1',
    ],
    [
      366,
      "1 validation error detected: Value '366' at 'pendingWindowInDays' failed to satisfy constraint: " +
        'Member must have value less than or equal to 365',
    ],
  ])('refuses %i days', async (days, message) => {
    const schedule = kms.call(scheduleKeyDeletion, { KeyId: key.keyId, PendingWindowInDays: days });
    await expect(schedule).rejects.toMatchObject({ errorName: 'ValidationException', message });
    expect(kms.state.keys.find(key.keyId)?.state).toBe('Enabled');
  });

  it('lets the key be deleted at its date, unless it is cancelled', async () => {
    await kms.call(scheduleKeyDeletion, { KeyId: key.keyId, PendingWindowInDays: 7 });
    expect(await kms.call(cancelKeyDeletion, { KeyId: key.keyId })).toEqual({ KeyId: arn });
    kms.state.keys.deleteDue(kms.now + 7 * kms.dayMs);
    await kms.call(scheduleKeyDeletion, { KeyId: key.keyId, PendingWindowInDays: 7 });
    kms.state.keys.deleteDue(kms.now + 7 * kms.dayMs - 1);
    await kms.call(describeKey, { KeyId: key.keyId });
    kms.state.keys.deleteDue(kms.now + 7 * kms.dayMs);
    const gone = { errorName: 'NotFoundException', message: `Key '${arn}' does not exist` };
    await expect(kms.call(describeKey, { KeyId: key.keyId })).rejects.toMatchObject(gone);
  });
});

describe('UpdateKeyDescription', () => {
  it('may set an empty description', async () => {
    await kms.call(updateKeyDescription, { KeyId: arn, Description: '' });
    expect(kms.state.keys.find(key.keyId)?.description).toBe('');
  });

  it('needs a description', async () => {
    await expect(kms.call(updateKeyDescription, { KeyId: arn })).rejects.toMatchObject({
      errorName: 'ValidationException',
      message:
        "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must not be null",
    });
  });
});
