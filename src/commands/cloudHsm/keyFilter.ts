import type { ClusterKey } from '../../cloudHsm/clusterCalls.ts';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';

/** Whether a key has all that the filters of a command want, such as `attr.label=a` or `key-reference=0x1`. Throws ClusterFailure. */
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
      `A filter is key-reference=0x... or attr.NAME=VALUE, and NAME one of ${Object.keys(attributes).join(', ')}.`,
    );
  }
  if (name !== 'id') return String(value) === wanted;
  // KMS's guide has both: "Delete orphaned key material" the id itself, "Find the KMS key for an AWS CloudHSM key" its ASCII.
  return [id, Buffer.from(id).toString('hex')].includes(wanted.toLowerCase().replace(/^0x/, ''));
}
