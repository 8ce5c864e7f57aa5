import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { resourceId, tagKeyList } from './members.ts';
import { changeTags } from './tags.ts';

const shape = z.object({ ResourceId: resourceId, TagKeyList: tagKeyList });

/** Keys of tags that the resource does not have are no error. */
export const untagResource = cloudHsmOperation(shape, (kms, { ResourceId, TagKeyList }) => {
  const removed = new Set(TagKeyList);
  changeTags(kms, ResourceId, (tags) => tags.filter(({ key }) => !removed.has(key)));
  return {};
});
