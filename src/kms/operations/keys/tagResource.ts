import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';
import { mergeTags, tagsOf } from './keyTags.ts';

const shape = z.object({ KeyId: member.keyId, Tags: member.tags });

export const tagResource = operation(shape, (kms, { KeyId, Tags }, request) => {
  const { keyId, tags } = findKeyToChange(kms, KeyId, request);
  kms.state.keys.update(keyId, { tags: mergeTags(tags, tagsOf(Tags)) });
  return undefined;
});
