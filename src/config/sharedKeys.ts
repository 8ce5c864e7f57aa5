import type { Config } from './schema.ts';

/**
 * Warnings of keys in a token that more than one external key names: what is encrypted with one opens with the other, in
 * another key store or blocked as it may be.
 */
export function sharedKeys({ keyManagers, keyStores }: Config): string[] {
  const places = [
    ...keyManagers.map(({ name, pkcs11 }, index) => ({
      key: `${name}/${pkcs11.healthKey}`,
      place: `keyManagers[${index}].pkcs11.healthKey`,
    })),
    ...keyStores.flatMap(({ keyManagers: [manager = ''], keys }, store) =>
      keys.flatMap(({ versions }, index) =>
        versions.map(({ label }) => ({ key: `${manager}/${label}`, place: `keyStores[${store}].keys[${index}]` })),
      ),
    ),
  ];
  const first = new Map<string, string>();
  return places.flatMap(({ key, place }) => {
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, place);
    return earlier === undefined
      ? []
      : [`${place}: is the same key in the token as ${earlier}; give each a key of its own`];
  });
}
