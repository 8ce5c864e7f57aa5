import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { resourceId, tagKeyList } from './members.ts';
import { changeTags } from './tags.ts';

const shape = z.object({ ResourceId: resourceId, TagKeyList: tagKeyList });

/** Removes tags. It is not an error if the resource does not have a tag. */
export const untagResource = cloudHsmOperation(shape, (kms, { ResourceId, TagKeyList }) => {
  const removed = new Set(TagKeyList);
  changeTags(kms, ResourceId, (tags) => tags.filter(({ key }) => !removed.has(key)));
  return {};
});
