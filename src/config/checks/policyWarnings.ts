import { neverTrue } from '../../policy/neverTrue.ts';
import type { Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';

/** Warnings of policies that no request can meet, by their text or by the key stores that they are for. */
export function policyWarnings({ keyStores }: Config): Remark[] {
  return keyStores.flatMap(({ policyFile }, index) => {
    const sharing = keyStores.filter((store) => policyFile && store.policyFile?.file === policyFile.file);
    // What several key stores share is told once.
    if (!policyFile || sharing[0] !== keyStores[index]) return [];
    const { warnings, named } = neverTrue(policyFile);
    const known = {
      KeyStore: sharing.map(({ name }) => name),
      ExternalKey: sharing.flatMap(({ name, keys }) => keys.map(({ id }) => `${name}/${id}`)),
    };
    const unknown = named.flatMap(({ policyId, type, id }) => {
      if (type !== 'KeyStore' && type !== 'ExternalKey') return [];
      const what = type === 'KeyStore' ? 'key store' : 'external key';
      return known[type].includes(id)
        ? []
        : [`in "${policyId}": ${type}::${JSON.stringify(id)} is no ${what} that has this policyFile`];
    });
    const messages = new Set([...warnings, ...unknown]);
    return [...messages].map((message) => ({
      keys: ['keyStores', index, 'policyFile'],
      message: `${policyFile.file}: ${message}`,
    }));
  });
}
