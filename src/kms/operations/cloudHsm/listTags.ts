import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { describeTags } from './describe.ts';
import { nextToken, resourceId } from './members.ts';
import { pageOf } from './selection.ts';
import { readTags } from './tags.ts';

const MOST = 100;
const shape = z.object({
  ResourceId: resourceId,
  NextToken: nextToken.optional(),
  MaxResults: z.int().min(1).max(MOST).optional(),
});

export const listTags = cloudHsmOperation(shape, (kms, input) => {
  const { page, ...rest } = pageOf(readTags(kms, input.ResourceId), input, MOST, { keyOf: ({ key }) => key });
  return { TagList: describeTags(page), ...rest };
});
