import type { ClusterKey } from '../../cloudHsm/clusterCalls.ts';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';

/** Whether a key matches all filters of a command, such as `attr.label=a` or `key-reference=0x1`. Throws ClusterFailure. */
export function matchesAll(key: ClusterKey, filters: readonly string[]): boolean {
  return filters.every((filter) => matches(key, filter));
}

function matches({ id, reference, attributes }: ClusterKey, filter: string): boolean {
  const [, name = '', wanted = ''] = /^(?:attr\.)?([a-z-]+)=(.*)$/s.exec(filter) ?? [];
  if (name === 'key-reference') return /^0x[0-9a-f]+$/i.test(wanted) && BigInt(wanted) === BigInt(reference);
  const value = attributes[name];
  if (!filter.startsWith('attr.') || value === undefined) {
    throw new ClusterFailure(
      'refused',
      `A filter is key-reference=0x... or attr.NAME=VALUE. NAME is one of ${Object.keys(attributes).join(', ')}.`,
    );
  }
  if (name !== 'id') return String(value) === wanted;
  // KMS's guide has both forms: the id itself in "Delete orphaned key material", and its ASCII bytes in "Find the KMS key for an
  // AWS CloudHSM key".
  return [id, Buffer.from(id).toString('hex')].includes(wanted.toLowerCase().replace(/^0x/, ''));
}
