import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';

const shape = z.object({ KeyId: member.keyId, TagKeys: member.tagKeys });

/** Removes tags. It is not an error if the key does not have a tag. */
export const untagResource = operation(shape, (kms, { KeyId, TagKeys }, request) => {
  const { keyId, tags } = findKeyToChange(kms, KeyId, request);
  const removed = new Set(TagKeys);
  kms.state.keys.update(keyId, { tags: tags.filter(({ key }) => !removed.has(key)) });
  return undefined;
});
