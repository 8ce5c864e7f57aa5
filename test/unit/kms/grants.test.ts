import { beforeEach, describe, expect, it } from 'vitest';
import { createGrant } from '../../../src/kms/operations/grants/createGrant.ts';
import { listGrants } from '../../../src/kms/operations/grants/listGrants.ts';
import { listRetirableGrants } from '../../../src/kms/operations/grants/listRetirableGrants.ts';
import { retireGrant } from '../../../src/kms/operations/grants/retireGrant.ts';
import { revokeGrant } from '../../../src/kms/operations/grants/revokeGrant.ts';
import { createKey } from '../../../src/kms/operations/keys/createKey.ts';
import { describeKey } from '../../../src/kms/operations/keys/describeKey.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const BOB = 'arn:aws:iam::111122223333:user/Bob';
const ROLE = 'arn:aws:iam::444455556666:role/service-role/Engineering';
const UNKNOWN_ID = 'ab'.repeat(32);

let kms: LocalKmsUnderTest;
let KeyId: string;
let arn: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  KeyId = kms.addKey(kms.addKeyStore().customKeyStoreId).keyId;
  arn = `arn:aws:kms:us-east-1:111122223333:key/${KeyId}`;
});

async function create(members: object = {}): Promise<{ GrantId: string; GrantToken: string }> {
  const output = await kms.call(createGrant, { KeyId, GranteePrincipal: BOB, Operations: ['Decrypt'], ...members });
  return output as { GrantId: string; GrantToken: string };
}

async function list(members: object = {}): Promise<Record<string, unknown>[]> {
  const output = await kms.call(listGrants, { KeyId, ...members });
  return output?.['Grants'] as Record<string, unknown>[];
}

function refusal(errorName: string, message?: string): unknown {
  return expect.objectContaining({ errorName, ...(message && { message }) });
}

describe('CreateGrant', () => {
  it('creates a grant, which ListGrants shows', async () => {
    const Constraints = { EncryptionContextSubset: { Department: 'IT' } };
    const full = await create({
      RetiringPrincipal: ROLE,
      Operations: ['Decrypt', 'RetireGrant'],
      Constraints,
      Name: 'a/b',
    });
    expect(full.GrantId).toMatch(/^[0-9a-f]{64}$/);
    const bare = await create({ GranteePrincipal: ROLE });
    const common = { KeyId: arn, CreationDate: new Date(kms.now), IssuingAccount: 'arn:aws:iam::111122223333:root' };
    const expected = [
      {
        ...common,
        GrantId: full.GrantId,
        Name: 'a/b',
        GranteePrincipal: BOB,
        RetiringPrincipal: ROLE,
        Operations: ['Decrypt', 'RetireGrant'],
        Constraints,
      },
      { ...common, GrantId: bare.GrantId, Name: '', GranteePrincipal: ROLE, Operations: ['Decrypt'] },
    ];
    expect(await list()).toEqual(expected.toSorted((a, b) => (a.GrantId < b.GrantId ? -1 : 1)));
    expect(await list({ GrantId: bare.GrantId })).toEqual(expected.slice(1));
    expect(await list({ GranteePrincipal: BOB })).toEqual(expected.slice(0, 1));
    expect(await list({ GrantId: 'unknown' })).toEqual([]);
  });

  it('creates one grant for requests with the same name and members, and several for others', async () => {
    const members = {
      Name: 'n',
      Operations: ['Decrypt', 'Encrypt'],
      Constraints: { EncryptionContextEquals: { a: '1', b: '2' } },
    };
    const first = await create(members);
    const same = {
      ...members,
      Operations: ['Encrypt', 'Decrypt'],
      Constraints: { EncryptionContextEquals: { b: '2', a: '1' } },
    };
    const again = await create(same);
    expect(again.GrantId).toBe(first.GrantId);
    expect(again.GrantToken).not.toBe(first.GrantToken);
    for (const other of [
      { ...members, Name: 'm' },
      { ...members, Operations: ['Decrypt'] },
      { ...members, Constraints: {} },
      { ...members, Constraints: { EncryptionContextSubset: { a: '1', b: '2' } } },
      { ...members, RetiringPrincipal: BOB },
      { ...members, GranteePrincipal: ROLE },
    ]) {
      expect((await create(other)).GrantId).not.toBe(first.GrantId);
    }
    expect((await create({ Name: undefined })).GrantId).not.toBe((await create({ Name: undefined })).GrantId);
    expect(await list()).toHaveLength(9);
    // Either token retires it.
    await kms.call(retireGrant, { GrantToken: first.GrantToken });
    await expect(kms.call(retireGrant, { GrantToken: again.GrantToken })).rejects.toEqual(
      refusal('InvalidGrantTokenException'),
    );
  });

  it.each([
    [{ Operations: [] }, 'ValidationException', 'Grants must contain at least one operation.'],
    [{ Operations: ['CreateGrant'] }, 'ValidationException', 'Grants must not contain only the CreateGrant operation.'],
    [{ Operations: ['ScheduleKeyDeletion'] }, 'ValidationException', /enum value set/],
    [
      { Operations: ['Decrypt', 'Sign', 'GenerateMac'] },
      'ValidationException',
      /does not support .* \[Sign, GenerateMac\]/,
    ],
    [{ Operations: ['GenerateDataKeyPair'] }, 'ValidationException', /does not support/],
    [{ GranteePrincipal: 'Bob' }, 'InvalidArnException', 'ARN does not refer to a valid principal: Bob'],
    [{ GranteePrincipal: 's3.amazonaws.com' }, 'InvalidArnException', /valid principal/],
    [{ GranteePrincipal: '111122223333' }, 'InvalidArnException', /valid principal/],
    [{ GranteePrincipal: 'arn:aws:iam::111122223333:group/Admins' }, 'InvalidArnException', /valid principal/],
    [{ GranteePrincipal: 'arn:aws:iam::1:user/Bob' }, 'InvalidArnException', /valid principal/],
    [{ GranteePrincipal: 'a b' }, 'ValidationException', /regular expression/],
    [{ RetiringPrincipal: 'arn:aws:sts::111122223333:assumed-role/Role' }, 'InvalidArnException', /valid principal/],
    [{ Name: 'a b' }, 'ValidationException', /regular expression/],
    [{ Constraints: { EncryptionContextEquals: { a: 'x'.repeat(385) } } }, 'ValidationException', /384 characters/],
    [{ Constraints: { EncryptionContextSubset: { ['x'.repeat(8192)]: 'a' } } }, 'ValidationException', /8192 bytes/],
    [
      {
        Constraints: {
          EncryptionContextSubset: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [index, ''])),
        },
      },
      'ValidationException',
      'EncryptionContextSubset must have at most 8 pairs.',
    ],
    [{ KeyId: UNKNOWN_ID }, 'NotFoundException', /Invalid keyId/],
    [{ KeyId: 'alias/x' }, 'NotFoundException', /Invalid keyId/],
    [{ DryRun: true }, 'DryRunOperationException', /would have succeeded/],
  ])('refuses %j', async (members, errorName, message) => {
    await expect(create(members)).rejects.toMatchObject({
      errorName,
      message: expect.stringMatching(message) as string,
    });
    expect(await list()).toEqual([]);
  });

  it('accepts operations of data key pairs for a key of Origin AWS_KMS', async () => {
    const { KeyMetadata } = { ...(await kms.call(createKey, {})) } as { KeyMetadata?: { KeyId: string } };
    const made = { KeyId: KeyMetadata?.KeyId, Operations: ['GenerateDataKeyPair'] };
    await create(made);
    expect(await list({ KeyId: made.KeyId })).toMatchObject([{ Operations: ['GenerateDataKeyPair'] }]);
  });

  it('accepts a service as grantee from a service', async () => {
    const input = { KeyId, GranteePrincipal: 'dynamodb.us-east-1.amazonaws.com', Operations: ['Decrypt'] };
    await kms.call(createGrant, input, { kmsViaService: 'dynamodb' });
    expect(await list()).toMatchObject([{ GranteePrincipal: 'dynamodb.us-east-1.amazonaws.com' }]);
  });

  it('has a quota', async () => {
    kms.state.grants.count = () => 50_000;
    await expect(create()).rejects.toEqual(refusal('LimitExceededException', 'A key has at most 50000 grants'));
  });

  it('refuses keys that are disabled or pending deletion, but not Unavailable ones', async () => {
    kms.state.keys.setState(KeyId, 'Disabled');
    await expect(create()).rejects.toEqual(refusal('DisabledException', `${arn} is disabled.`));
    kms.state.keys.setState(KeyId, 'PendingDeletion', kms.now + 1);
    await expect(create()).rejects.toEqual(refusal('KMSInvalidStateException', `${arn} is pending deletion.`));
    const unavailable = kms.addKey(kms.addKeyStore({}, 'DISCONNECTED').customKeyStoreId).keyId;
    await create({ KeyId: unavailable });
  });
});

it('ListGrants and ListRetirableGrants have pages', async () => {
  const other = kms.addKey(kms.addKeyStore().customKeyStoreId).keyId;
  const made = [];
  for (let index = 0; index < 52; index += 1) made.push(await create({ RetiringPrincipal: ROLE }));
  made.push(await create({ KeyId: other, RetiringPrincipal: ROLE }));
  await create({ KeyId: other, RetiringPrincipal: BOB });
  const ids = made.map(({ GrantId }) => GrantId);
  for (const [operation, input, expected] of [
    [listGrants, { KeyId }, ids.slice(0, 52)],
    [listRetirableGrants, { RetiringPrincipal: ROLE }, ids],
  ] as const) {
    const seen: unknown[] = [];
    let Marker: unknown;
    do {
      const output: Record<string, unknown> = { ...(await kms.call(operation, { ...input, Marker })) };
      seen.push((output['Grants'] as { GrantId: string }[]).map(({ GrantId }) => GrantId));
      Marker = output['NextMarker'];
      expect(output['Truncated']).toBe(Marker !== undefined);
    } while (Marker !== undefined);
    expect(seen.map((page) => (page as unknown[]).length)).toEqual([50, expected.length - 50]);
    expect(seen.flat()).toEqual(expected.toSorted());
  }
  await expect(kms.call(listGrants, { KeyId, Marker: 'x' })).rejects.toEqual(refusal('InvalidMarkerException'));
});

describe('RevokeGrant and RetireGrant', () => {
  it('delete a grant in every state of its key', async () => {
    const [revoked, retired, byToken, kept] = [await create(), await create(), await create(), await create()];
    kms.state.keys.setState(KeyId, 'PendingDeletion', kms.now + 1);
    expect(await kms.call(revokeGrant, { KeyId, GrantId: revoked.GrantId })).toBeUndefined();
    expect(await kms.call(retireGrant, { KeyId: arn, GrantId: retired.GrantId })).toBeUndefined();
    expect(await kms.call(retireGrant, { GrantToken: byToken.GrantToken })).toBeUndefined();
    expect(await list()).toMatchObject([{ GrantId: kept.GrantId }]);
    expect(kms.noted).toEqual([{ grantId: retired.GrantId }, { grantId: byToken.GrantId }]);
    expect(new Set(kms.resources)).toEqual(new Set([arn]));
  });

  it.each([revokeGrant, retireGrant])('refuse grants that the key does not have', async (operation) => {
    const other = kms.addKey(kms.addKeyStore().customKeyStoreId).keyId;
    const { GrantId } = await create({ KeyId: other });
    for (const [id, errorName, message] of [
      [GrantId, 'NotFoundException', `Grant ID ${GrantId} not found`],
      [UNKNOWN_ID, 'NotFoundException', `Grant ID ${UNKNOWN_ID} not found`],
      ['no grant', 'InvalidGrantIdException', 'Invalid grant ID no grant'],
    ] as const) {
      await expect(kms.call(operation, { KeyId, GrantId: id })).rejects.toEqual(refusal(errorName, message));
    }
    const dryRun = kms.call(operation, { KeyId: other, GrantId, DryRun: true });
    await expect(dryRun).rejects.toEqual(refusal('DryRunOperationException'));
    expect(await list({ KeyId: other })).toHaveLength(1);
  });

  it('RetireGrant needs a token, or a key and an id', async () => {
    const { GrantId } = await create();
    for (const input of [{}, { GrantId }, { KeyId }]) {
      await expect(kms.call(retireGrant, input)).rejects.toEqual(refusal('ValidationException'));
    }
  });
});

describe('a grant token', () => {
  it('is accepted by operations that take tokens, while its grant exists', async () => {
    const { GrantToken, GrantId } = await create();
    const input = { KeyId, GrantTokens: [GrantToken] };
    await kms.call(describeKey, input);
    await kms.call(revokeGrant, { KeyId, GrantId });
    await expect(kms.call(describeKey, input)).rejects.toEqual(refusal('InvalidGrantTokenException'));
  });

  it('with other text is refused', async () => {
    const { GrantToken, GrantId } = await create();
    const changed = Buffer.from(GrantToken, 'base64');
    changed.writeUInt8(changed.readUInt8(40) ^ 1, 40);
    for (const token of ['x', GrantId, GrantToken.slice(1), `${GrantToken}=`, changed.toString('base64')]) {
      const described = kms.call(describeKey, { KeyId, GrantTokens: [GrantToken, token] });
      await expect(described).rejects.toEqual(refusal('InvalidGrantTokenException'));
      const retired = kms.call(retireGrant, { GrantToken: token });
      await expect(retired).rejects.toEqual(refusal('InvalidGrantTokenException'));
    }
    expect(await list()).toHaveLength(1);
  });
});

it('grants are deleted with their key', async () => {
  const { GrantToken } = await create({ RetiringPrincipal: ROLE });
  kms.state.keys.setState(KeyId, 'PendingDeletion', kms.now);
  kms.state.keys.deleteDue(kms.now);
  expect(await kms.call(listRetirableGrants, { RetiringPrincipal: ROLE })).toMatchObject({ Grants: [] });
  await expect(kms.call(retireGrant, { GrantToken })).rejects.toEqual(refusal('InvalidGrantTokenException'));
});
