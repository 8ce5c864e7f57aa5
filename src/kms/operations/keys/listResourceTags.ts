import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';
import { findKey } from './findKey.ts';

const shape = z.object({ KeyId: member.keyId, ...member.pagination });

export const listResourceTags = operation(shape, (kms, input, request) => {
  const { tags } = findKey(kms, input.KeyId, { aliases: false }, request);
  const inOrder = tags.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const { page, ...rest } = paginate(inOrder, input, ({ key }) => key);
  return { Tags: page.map(({ key, value }) => ({ TagKey: key, TagValue: value })), ...rest };
});
