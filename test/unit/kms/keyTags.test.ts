import { beforeEach, expect, it } from 'vitest';
import { listResourceTags } from '../../../src/kms/operations/keys/listResourceTags.ts';
import { tagResource } from '../../../src/kms/operations/keys/tagResource.ts';
import { untagResource } from '../../../src/kms/operations/keys/untagResource.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

let kms: LocalKmsUnderTest;
let KeyId: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  KeyId = kms.addKey(kms.addKeyStore().customKeyStoreId).keyId;
});

const tag = (TagKey: string, TagValue: string) => ({ TagKey, TagValue });
const numbered = (count: number) => Array.from({ length: count }, (_, index) => tag(`k${index}`, ''));

it('tags are added, replaced, listed and removed', async () => {
  expect(await kms.call(tagResource, { KeyId, Tags: [tag('b', '1'), tag('é', '')] })).toBeUndefined();
  await kms.call(tagResource, { KeyId, Tags: [tag('b', '2'), tag('a', '3')] });
  expect(await kms.call(listResourceTags, { KeyId })).toEqual({
    Tags: [tag('a', '3'), tag('b', '2'), tag('é', '')],
    Truncated: false,
  });
  expect(await kms.call(untagResource, { KeyId, TagKeys: ['a', 'é', 'none'] })).toBeUndefined();
  expect(await kms.call(listResourceTags, { KeyId })).toEqual({ Tags: [tag('b', '2')], Truncated: false });
});

it('tags are listed in pages', async () => {
  await kms.call(tagResource, { KeyId, Tags: [tag('é', '1'), tag('𝒳', '2'), tag('z', '3')] });
  const seen: unknown[] = [];
  let Marker: unknown;
  do {
    const output: Record<string, unknown> = { ...(await kms.call(listResourceTags, { KeyId, Limit: 1, Marker })) };
    seen.push(output['Tags']);
    Marker = output['NextMarker'];
    expect(output['Truncated']).toBe(Marker !== undefined);
  } while (Marker !== undefined);
  expect(seen).toEqual([[tag('z', '3')], [tag('é', '1')], [tag('𝒳', '2')]]);
});

it('a key has at most 50 tags', async () => {
  await kms.call(tagResource, { KeyId, Tags: numbered(50) });
  await kms.call(tagResource, { KeyId, Tags: [tag('k49', 'new')] });
  await expect(kms.call(tagResource, { KeyId, Tags: [tag('k50', '')] })).rejects.toMatchObject({
    errorName: 'LimitExceededException',
    message: 'A key has at most 50 tags',
  });
  await expect(kms.call(tagResource, { KeyId, Tags: numbered(51) })).rejects.toMatchObject({
    errorName: 'TagException',
    message: 'Too many tags',
  });
  expect(kms.state.keys.find(KeyId)?.tags).toHaveLength(50);
});

it('invalid tags are refused, and none of the request is kept', async () => {
  await expect(kms.call(tagResource, { KeyId, Tags: [tag('a', ''), tag('aws:b', '')] })).rejects.toMatchObject({
    errorName: 'TagException',
    message: 'Tags beginning with aws: are reserved',
  });
  await expect(kms.call(tagResource, { KeyId })).rejects.toMatchObject({
    errorName: 'ValidationException',
    message: "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must not be null",
  });
  expect(kms.state.keys.find(KeyId)?.tags).toEqual([]);
});
