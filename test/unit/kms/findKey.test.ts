import { beforeEach, describe, expect, it } from 'vitest';
import { RequestAccess } from '../../../src/kms/access/requestAccess.ts';
import { findKey } from '../../../src/kms/operations/keys/findKey.ts';
import type { KmsKey } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const ARN = 'arn:aws:kms:us-east-1:111122223333';
const UNKNOWN = '1234abcd-12ab-34cd-56ef-1234567890ab';
const MULTI_REGION = 'mrk-1234abcd12ab34cd56ef1234567890ab';

let kms: LocalKmsUnderTest;
let key: KmsKey;
let resources: string[];
const asked = { operation: 'DescribeKey', caller: { awsPrincipalArn: 'any' }, sourceIpAddress: '', input: {} };
const request = {
  noteResource: (arn: string) => resources.push(arn),
  get access() {
    return new RequestAccess(kms, asked);
  },
};
beforeEach(() => {
  resources = [];
  kms = new LocalKmsUnderTest();
  key = kms.addKey(kms.addKeyStore().customKeyStoreId);
  kms.state.aliases.put({ aliasName: 'alias/x/y', targetKeyId: key.keyId, creationDate: 1, lastUpdatedDate: 1 });
});

it.each([true, false])('finds a key by its id and its ARN (aliases: %s)', (aliases) => {
  expect(findKey(kms, key.keyId, { aliases }, request).keyId).toBe(key.keyId);
  expect(findKey(kms, `${ARN}:key/${key.keyId}`, { aliases }, request).keyId).toBe(key.keyId);
});

it('finds a key by the name and the ARN of its alias', () => {
  expect(findKey(kms, 'alias/x/y', { aliases: true }, request).keyId).toBe(key.keyId);
  expect(findKey(kms, `${ARN}:alias/x/y`, { aliases: true }, request).keyId).toBe(key.keyId);
  expect(resources).toEqual(Array(2).fill(`${ARN}:key/${key.keyId}`));
});

describe('refuses', () => {
  const invalidArn = (arn: string): [string, string, string] => [arn, 'InvalidArnException', `Invalid arn ${arn}`];
  it.each([
    [UNKNOWN, 'NotFoundException', `Key '${ARN}:key/${UNKNOWN}' does not exist`],
    [`${ARN}:key/${UNKNOWN}`, 'NotFoundException', `Key '${ARN}:key/${UNKNOWN}' does not exist`],
    [UNKNOWN.toUpperCase(), 'NotFoundException', `Invalid keyId '${UNKNOWN.toUpperCase()}'`],
    ['x/y', 'NotFoundException', "Invalid keyId 'x/y'"],
    [`key/${UNKNOWN}`, 'NotFoundException', `Invalid keyId 'key/${UNKNOWN}'`],
    [`${ARN}:key/x`, 'NotFoundException', `Invalid keyId '${ARN}:key/x'`],
    ['alias/z', 'NotFoundException', `Alias ${ARN}:alias/z is not found.`],
    [`${ARN}:alias/z`, 'NotFoundException', `Alias ${ARN}:alias/z is not found.`],
    [`arn:aws:kms:us-west-2:111122223333:key/${UNKNOWN}`, 'NotFoundException', 'Invalid arn us-west-2'],
    ['arn:aws:kms:us-west-2:111122223333:alias/x/y', 'NotFoundException', 'Invalid arn us-west-2'],
    [
      `arn:aws:kms:us-east-1:444455556666:key/${UNKNOWN}`,
      'NotFoundException',
      `Key 'arn:aws:kms:us-east-1:444455556666:key/${UNKNOWN}' does not exist`,
    ],
    [
      'arn:aws:kms:us-east-1:444455556666:alias/x/y',
      'NotFoundException',
      'Alias arn:aws:kms:us-east-1:444455556666:alias/x/y is not found.',
    ],
    ['mrk-fake-key-id', 'NotFoundException', "Invalid keyId 'mrk-fake-key-id'"],
    [MULTI_REGION, 'NotFoundException', `Key '${ARN}:key/${MULTI_REGION}' does not exist`],
    [`${ARN}:key/${MULTI_REGION}`, 'NotFoundException', `Key '${ARN}:key/${MULTI_REGION}' does not exist`],
    invalidArn('arn:'),
    invalidArn(`${ARN}:${UNKNOWN}`),
    invalidArn(`${ARN}:key/alias/x/y`),
    invalidArn(`${ARN}:key/${UNKNOWN}/x`),
    invalidArn(`arn:aws:iam:us-east-1:111122223333:key/${UNKNOWN}`),
    invalidArn(`arn:aws:kms::111122223333:key/${UNKNOWN}`),
  ])('%s', (keyId, errorName, message) => {
    expect(() => findKey(kms, keyId, { aliases: true }, request)).toThrow(
      expect.objectContaining({ errorName, message }),
    );
  });

  it.each([
    ['alias/x/y', 'NotFoundException', "Invalid keyId 'alias/x/y'"],
    [`${ARN}:alias/x/y`, 'InvalidArnException', 'Key Aliases are not supported for this operation'],
  ])('%s where aliases are not accepted', (keyId, errorName, message) => {
    expect(() => findKey(kms, keyId, { aliases: false }, request)).toThrow(
      expect.objectContaining({ errorName, message }),
    );
  });
});
