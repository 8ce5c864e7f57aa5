import { beforeEach, describe, expect, it } from 'vitest';
import { createAlias } from '../../../src/kms/operations/aliases/createAlias.ts';
import { deleteAlias } from '../../../src/kms/operations/aliases/deleteAlias.ts';
import { listAliases } from '../../../src/kms/operations/aliases/listAliases.ts';
import { updateAlias } from '../../../src/kms/operations/aliases/updateAlias.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const ARN = 'arn:aws:kms:us-east-1:111122223333';
const UNKNOWN = '1234abcd-12ab-34cd-56ef-1234567890ab';
const REFERS_TO_ALIAS = ['ValidationException', 'Aliases must refer to keys. Not aliases'] as const;
const PREFIX =
  'Alias must start with the prefix "alias/". ' +
  'Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html';

let kms: LocalKmsUnderTest;
let foo: string;
let bar: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  const { customKeyStoreId } = kms.addKeyStore();
  foo = kms.addKey(customKeyStoreId).keyId;
  bar = kms.addKey(customKeyStoreId, { xksKeyId: 'bar' }).keyId;
});

const entry = (name: string, targetKeyId: string, created: number, updated = created) => ({
  AliasName: name,
  AliasArn: `${ARN}:${name}`,
  TargetKeyId: targetKeyId,
  CreationDate: new Date(created),
  LastUpdatedDate: new Date(updated),
});

describe('aliases', () => {
  it('are created, updated, listed and deleted', async () => {
    const created = kms.now;
    expect(await kms.call(createAlias, { AliasName: 'alias/b_/-1', TargetKeyId: foo })).toBeUndefined();
    await kms.call(createAlias, { AliasName: 'alias/a', TargetKeyId: `${ARN}:key/${bar}` });
    expect(await kms.call(listAliases, {})).toEqual({
      Aliases: [entry('alias/a', bar, created), entry('alias/b_/-1', foo, created)],
      Truncated: false,
    });

    kms.now += 1000;
    expect(await kms.call(updateAlias, { AliasName: 'alias/a', TargetKeyId: foo })).toBeUndefined();
    expect(await kms.call(listAliases, { KeyId: foo })).toEqual({
      Aliases: [entry('alias/a', foo, created, kms.now), entry('alias/b_/-1', foo, created)],
      Truncated: false,
    });
    expect(await kms.call(listAliases, { KeyId: `${ARN}:key/${bar}` })).toEqual({ Aliases: [], Truncated: false });

    expect(await kms.call(deleteAlias, { AliasName: 'alias/a' })).toBeUndefined();
    expect(await kms.call(listAliases, {})).toMatchObject({ Aliases: [{ AliasName: 'alias/b_/-1' }] });
  });

  it('are listed in pages, of 50 by default', async () => {
    const names = Array.from({ length: 51 }, (_, index) => `alias/${index + 10}`);
    for (const AliasName of names) {
      await kms.call(createAlias, { AliasName, TargetKeyId: AliasName === 'alias/60' ? bar : foo });
    }
    const first = await kms.call(listAliases, {});
    expect(first).toMatchObject({ Aliases: { length: 50 }, Truncated: true });
    const rest = await kms.call(listAliases, { Marker: first?.['NextMarker'] });
    expect(rest).toMatchObject({ Aliases: [{ AliasName: 'alias/60' }], Truncated: false });
  });

  it('can leave a key that is pending deletion, but cannot join one', async () => {
    await kms.call(createAlias, { AliasName: 'alias/a', TargetKeyId: foo });
    kms.state.keys.setState(foo, 'PendingDeletion', kms.now + 1);
    await kms.call(updateAlias, { AliasName: 'alias/a', TargetKeyId: bar });
    await expect(kms.call(updateAlias, { AliasName: 'alias/a', TargetKeyId: foo })).rejects.toMatchObject({
      errorName: 'KMSInvalidStateException',
      message: `${ARN}:key/${foo} is pending deletion.`,
    });
    expect(kms.state.aliases.find('alias/a')?.targetKeyId).toBe(bar);
  });
});

describe('CreateAlias and UpdateAlias refuse', () => {
  it.each([
    ['a', 'ValidationException', PREFIX],
    ['Alias/a', 'ValidationException', PREFIX],
    ['alias/a:b', 'ValidationException', 'alias/a:b contains invalid characters for an alias'],
    ['alias/', 'InvalidAliasNameException', 'Nothing follows alias/ in the alias name'],
    ['alias/aws/s3', 'NotAuthorizedException', ''],
    [
      'alias/é',
      'ValidationException',
      "1 validation error detected: Value 'alias/é' at 'aliasName' failed to satisfy constraint: " +
        'Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$',
    ],
  ])('the name %s', async (AliasName, errorName, message) => {
    for (const operation of [createAlias, updateAlias]) {
      const refusal = expect(kms.call(operation, { AliasName, TargetKeyId: foo })).rejects;
      await refusal.toMatchObject({ errorName, message });
    }
    expect(kms.state.aliases.list()).toEqual([]);
  });

  it.each([
    [UNKNOWN, 'NotFoundException', `Key '${ARN}:key/${UNKNOWN}' does not exist`],
    ['x', 'NotFoundException', "Invalid keyId 'x'"],
    ['alias/b', ...REFERS_TO_ALIAS],
    [`${ARN}:alias/b`, ...REFERS_TO_ALIAS],
  ])('the target %s', async (TargetKeyId, errorName, message) => {
    await kms.call(createAlias, { AliasName: 'alias/b', TargetKeyId: bar });
    const creation = kms.call(createAlias, { AliasName: 'alias/a', TargetKeyId });
    await expect(creation).rejects.toMatchObject({ errorName, message });
    const update = kms.call(updateAlias, { AliasName: 'alias/b', TargetKeyId });
    await expect(update).rejects.toMatchObject({ errorName, message });
    expect(kms.state.aliases.list()).toMatchObject([{ aliasName: 'alias/b', targetKeyId: bar }]);
  });
});

it('CreateAlias refuses a name that is taken', async () => {
  await kms.call(createAlias, { AliasName: 'alias/a', TargetKeyId: foo });
  await expect(kms.call(createAlias, { AliasName: 'alias/a', TargetKeyId: bar })).rejects.toMatchObject({
    errorName: 'AlreadyExistsException',
    message: `An alias with the name ${ARN}:alias/a already exists`,
  });
  expect(kms.state.aliases.find('alias/a')?.targetKeyId).toBe(foo);
});

it('UpdateAlias and DeleteAlias refuse an unknown name', async () => {
  const refusal = { errorName: 'NotFoundException', message: `Alias ${ARN}:alias/a is not found.` };
  await expect(kms.call(updateAlias, { AliasName: 'alias/a', TargetKeyId: foo })).rejects.toMatchObject(refusal);
  await expect(kms.call(deleteAlias, { AliasName: 'alias/a' })).rejects.toMatchObject(refusal);
});

it('a key has at most 50 aliases', async () => {
  const alias = (index: number): string => `alias/${index}`;
  for (let index = 0; index < 50; index += 1) {
    await kms.call(createAlias, { AliasName: alias(index), TargetKeyId: foo });
  }
  await kms.call(createAlias, { AliasName: 'alias/of-bar', TargetKeyId: bar });
  const refusal = { errorName: 'LimitExceededException', message: 'A key has at most 50 aliases' };
  const creation = kms.call(createAlias, { AliasName: alias(50), TargetKeyId: foo });
  await expect(creation).rejects.toMatchObject(refusal);
  const update = kms.call(updateAlias, { AliasName: 'alias/of-bar', TargetKeyId: foo });
  await expect(update).rejects.toMatchObject(refusal);
  await kms.call(updateAlias, { AliasName: alias(1), TargetKeyId: foo });
  await kms.call(deleteAlias, { AliasName: alias(0) });
  await kms.call(updateAlias, { AliasName: 'alias/of-bar', TargetKeyId: foo });
  expect(kms.state.aliases.namesOf(foo)).toHaveLength(50);
});

it('DeleteAlias refuses an alias of AWS, even if none exists', async () => {
  const refusal = { errorName: 'NotAuthorizedException', message: '' };
  await expect(kms.call(deleteAlias, { AliasName: 'alias/aws/none' })).rejects.toMatchObject(refusal);
});

it('DeleteAlias refuses a name without its prefix', async () => {
  const refusal = { errorName: 'ValidationException', message: PREFIX };
  await expect(kms.call(deleteAlias, { AliasName: 'a' })).rejects.toMatchObject(refusal);
});

it('ListAliases refuses an unknown key', async () => {
  const refusal = { errorName: 'NotFoundException', message: `Key '${ARN}:key/${UNKNOWN}' does not exist` };
  await expect(kms.call(listAliases, { KeyId: UNKNOWN })).rejects.toMatchObject(refusal);
});
