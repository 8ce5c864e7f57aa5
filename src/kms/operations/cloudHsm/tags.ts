import type { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Tag } from '../../state/records.ts';
import { findBackup, findCluster } from './find.ts';
import type { tagList } from './members.ts';

const MOST_TAGS = 50;

/** Reads the tags of a request. Throws CloudHsmTagException. */
export function tagsOf(input: z.output<typeof tagList> = []): Tag[] {
  const tags = input.map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (tags.some(({ key }) => /^aws:/i.test(key))) throw tagError('Tags beginning with aws: are reserved.');
  if (new Set(tags.map(({ key }) => key)).size < tags.length) throw tagError('Two tags have the same key.');
  return tags;
}

/** Adds tags, which replace existing ones with the same key. Throws CloudHsmResourceLimitExceededException. */
export function mergeTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const values = new Map([...tags, ...added].map(({ key, value }) => [key, value]));
  if (values.size <= MOST_TAGS) return Array.from(values, ([key, value]) => ({ key, value }));
  throw new KmsError('CloudHsmResourceLimitExceededException', `A resource has at most ${MOST_TAGS} tags.`);
}

/** Returns the tags of a cluster or a backup. Throws CloudHsmResourceNotFoundException. */
export function readTags(kms: LocalKms, resourceId: string): readonly Tag[] {
  return isCluster(resourceId) ? findCluster(kms, resourceId).tags : findBackup(kms, resourceId).tags;
}

/** Replaces the tags of a cluster or a backup by the result of `change`. Throws CloudHsmResourceNotFoundException. */
export function changeTags(kms: LocalKms, resourceId: string, change: (tags: readonly Tag[]) => Tag[]): void {
  const tags = change(readTags(kms, resourceId));
  if (isCluster(resourceId)) kms.state.clusters.put({ ...findCluster(kms, resourceId), tags });
  else kms.state.backups.put({ ...findBackup(kms, resourceId), tags });
}

function isCluster(resourceId: string): boolean {
  return resourceId.startsWith('cluster-');
}

function tagError(message: string): KmsError {
  return new KmsError('CloudHsmTagException', message);
}
