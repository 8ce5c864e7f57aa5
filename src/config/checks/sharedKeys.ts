import { BySelector, type KeySelector } from '../schema/keySelector.ts';
import { formatPath, type KeyPath, type Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';

interface Place {
  readonly keyManager: string;
  readonly selector: KeySelector;
  readonly path: KeyPath;
}

/**
 * Warns about keys in a token that several external keys name. Data encrypted with one of them can be decrypted with another,
 * even in another key store, or if one is blocked.
 */
export function sharedKeys({ keyManagers, keyStores }: Config): Remark[] {
  const places: Place[] = [
    ...keyManagers.map(({ name, pkcs11 }, index) => ({
      keyManager: name,
      selector: { label: pkcs11.healthKey },
      path: ['keyManagers', index, 'pkcs11', 'healthKey'],
    })),
    ...keyStores.flatMap(({ keyManagers: [keyManager = ''], keys }, store) =>
      keys.flatMap(({ versions }, index) =>
        versions.map((selector) => ({ keyManager, selector, path: ['keyStores', store, 'keys', index] })),
      ),
    ),
  ];
  const byKeyManager = new Map<string, BySelector<Place>>();
  return places.flatMap((place) => {
    const { keyManager, selector } = place;
    const others = byKeyManager.get(keyManager) ?? new BySelector<Place>();
    byKeyManager.set(keyManager, others);
    const earlier = others.find(selector);
    others.add(selector, place);
    return earlier ? [warn(place, earlier)] : [];
  });
}

function warn({ path, selector: { label, ckaId } }: Place, earlier: Place): Remark {
  const isSame = label === earlier.selector.label && ckaId === earlier.selector.ckaId;
  const verb = isSame ? 'is' : 'may be';
  const other = formatPath(earlier.path);
  return { keys: path, message: `${verb} the same key in the token as ${other}; give each a key of its own` };
}
