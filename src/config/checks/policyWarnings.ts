import type { ConfigSource } from '../files/configSource.ts';
import type { Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';

/** Warnings about policies that no request can match, because of their text or of the key stores that use them. */
export function policyWarnings({ keyStores }: Config, source: ConfigSource): Remark[] {
  return keyStores.flatMap(({ policyFile }, index) => {
    const sharing = keyStores.filter((store) => policyFile && store.policyFile?.file === policyFile.file);
    // A file that several key stores share is reported once.
    if (!policyFile || sharing[0] !== keyStores[index]) return [];
    const { warnings, named, tags } = source.loadPolicies(policyFile.file).remarks;
    const known = {
      KeyStore: new Set(sharing.map(({ name }) => name)),
      ExternalKey: new Set(sharing.flatMap(({ name, keys }) => keys.map(({ id }) => `${name}/${id}`))),
    };
    const unknown = named.flatMap(({ policyId, type, id }) => {
      if (type !== 'KeyStore' && type !== 'ExternalKey') return [];
      const what = type === 'KeyStore' ? 'key store' : 'external key';
      return known[type].has(id)
        ? []
        : [`in "${policyId}": ${type}::${JSON.stringify(id)} is no ${what} that has this policyFile`];
    });
    const given = new Set(
      sharing.flatMap((store) => [store, ...store.keys].flatMap((tagged) => Object.keys(tagged.tags))),
    );
    const absent = tags
      .filter(({ tag }) => !given.has(tag))
      .map(
        ({ policyId, tag }) => `in "${policyId}": no key that has this policyFile has the tag ${JSON.stringify(tag)}`,
      );
    const messages = new Set([...warnings, ...unknown, ...absent]);
    return [...messages].map((message) => ({
      keys: ['keyStores', index, 'policyFile'],
      message: `${policyFile.file}: ${message}`,
    }));
  });
}
