import type { ConfigSource } from '../files/configSource.ts';

interface KeyManager {
  readonly pkcs11: { readonly module: string; readonly isolation: string };
}

/** Finds key managers that share a library but differ in its isolation. A process initialises a library only once. */
export function mixedIsolations(
  keyManagers: readonly KeyManager[],
  source: ConfigSource,
): { readonly path: PropertyKey[]; readonly message: string }[] {
  const first = new Map<string, number>();
  return keyManagers.flatMap(({ pkcs11: { module, isolation } }, index) => {
    const file = source.realModule(module);
    const earlier = first.get(file);
    if (earlier === undefined) first.set(file, index);
    const other = earlier === undefined ? isolation : keyManagers[earlier]?.pkcs11.isolation;
    if (other === undefined || other === isolation) return [];
    const message = `must be ${other}, as in keyManagers[${earlier}]: both use one library, which a process initialises once`;
    return [{ path: [index, 'pkcs11', 'isolation'], message }];
  });
}
