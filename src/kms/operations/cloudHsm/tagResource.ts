import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { resourceId, tagList } from './members.ts';
import { changeTags, mergeTags, tagsOf } from './tags.ts';

const shape = z.object({ ResourceId: resourceId, TagList: tagList });

export const tagResource = cloudHsmOperation(shape, (kms, { ResourceId, TagList }) => {
  changeTags(kms, ResourceId, (tags) => mergeTags(tags, tagsOf(TagList)));
  return {};
});
