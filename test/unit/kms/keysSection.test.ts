import { beforeEach, expect, it } from 'vitest';
import { keysSection } from '../../../src/kms/console/keysSection.ts';
import { EventTrail } from '../../../src/kms/events/eventTrail.ts';
import { createAlias } from '../../../src/kms/operations/aliases/createAlias.ts';
import { tagResource } from '../../../src/kms/operations/keys/tagResource.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const history = { bins: () => [], lastHealth: () => undefined, lastCertificate: () => undefined };

let kms: LocalKmsUnderTest;
let KeyId: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  KeyId = kms.addKey(kms.addKeyStore().customKeyStoreId).keyId;
});

const drawn = (): string => keysSection({ kms, canAct: false, events: new EventTrail(), history }).text;

it('the console shows a few aliases and tags in full', async () => {
  await kms.call(createAlias, { AliasName: 'alias/one', TargetKeyId: KeyId });
  await kms.call(createAlias, { AliasName: 'alias/two', TargetKeyId: KeyId });
  await kms.call(tagResource, { KeyId, Tags: [{ TagKey: 'Team', TagValue: 'Red' }] });
  expect(drawn()).toContain('>alias/one, alias/two<');
  expect(drawn()).toContain('>Team=Red<');
});

it('the console shows a part of many long aliases and tags, with their number', async () => {
  const numbers = Array.from({ length: 50 }, (_, index) => String(index).padStart(2, '0'));
  for (const number of numbers) {
    await kms.call(createAlias, { AliasName: `alias/${number}`.padEnd(140, 'x'), TargetKeyId: KeyId });
  }
  await kms.call(tagResource, {
    KeyId,
    Tags: numbers.map((number) => ({ TagKey: number.padEnd(128, 'y'), TagValue: 'z'.repeat(256) })),
  });
  expect(drawn()).toMatch(/>alias\/00x+, alias\/01x+ and 48 more</);
  expect(drawn()).toMatch(/>00y+=z+ and 49 more</);
  expect(drawn().length).toBeLessThan(4_000);
});

it('the console shows the newest 200 keys, and the number of others', () => {
  const { customKeyStoreId } = kms.addKeyStore();
  for (let count = 0; count < 250; count += 1) {
    const creationDate = kms.now + count;
    KeyId = kms.addKey(customKeyStoreId, { xksKeyId: String(count), creationDate }).keyId;
  }
  expect(drawn().indexOf(KeyId)).toBe(drawn().indexOf('data-key="') + 'data-key="'.length);
  expect(drawn().match(/<tr /g)).toHaveLength(201);
  expect(drawn()).toContain('and 51 older keys');
});
