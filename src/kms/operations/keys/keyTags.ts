import type { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import type { Tag } from '../../state/records.ts';
import type { tags } from '../members.ts';

const MOST_TAGS = 50;
// AWS General Reference, "Tagging AWS resources".
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Reads the tags of a request. Throws TagException. */
export function tagsOf(input: z.output<typeof tags>): Tag[] {
  const read = input.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue }));
  for (const { key, value } of read) {
    if (/^aws:/i.test(key)) throw new KmsError('TagException', 'Tags beginning with aws: are reserved');
    if (!CHARACTERS.test(key) || !CHARACTERS.test(value)) {
      throw new KmsError('TagException', 'Tags can have only letters, digits, spaces and the characters _.:/=+-@');
    }
  }
  if (new Set(read.map(({ key }) => key)).size < read.length) throw new KmsError('TagException', 'Duplicate tag keys');
  if (read.length > MOST_TAGS) throw new KmsError('TagException', 'Too many tags');
  return read;
}

/** Adds tags, which replace existing ones with the same key. Throws LimitExceededException. */
export function mergeTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const values = new Map([...tags, ...added].map(({ key, value }) => [key, value]));
  if (values.size > MOST_TAGS) throw new KmsError('LimitExceededException', `A key has at most ${MOST_TAGS} tags`);
  return Array.from(values, ([key, value]) => ({ key, value }));
}
