import { mayBeOneKey, type KeySelector } from '../schema/keySelector.ts';
import { formatPath, type KeyPath, type Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';

interface Place {
  readonly keyManager: string;
  readonly selector: KeySelector;
  readonly path: KeyPath;
}

/**
 * Warnings of keys in a token that more than one external key names: what is encrypted with one opens with the other, in
 * another key store or blocked as it may be.
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
  const byAttribute = new Map<string, Place[]>();
  return places.flatMap((place) => {
    const sharing = attributesOf(place).map((attribute) => {
      const others = byAttribute.get(attribute) ?? [];
      byAttribute.set(attribute, others);
      return others;
    });
    const earlier = sharing.flat().find(({ selector }) => mayBeOneKey(selector, place.selector));
    for (const others of sharing) others.push(place);
    return earlier ? [warn(place, earlier)] : [];
  });
}

/** What the selector says, each as one text: only places that share one can be the same key. */
function attributesOf({ keyManager, selector: { label, ckaId } }: Place): string[] {
  return [
    ...(label === undefined ? [] : [JSON.stringify([keyManager, 'label', label])]),
    ...(ckaId === undefined ? [] : [JSON.stringify([keyManager, 'ckaId', ckaId])]),
  ];
}

function warn({ path, selector: { label, ckaId } }: Place, earlier: Place): Remark {
  const isSame = label === earlier.selector.label && ckaId === earlier.selector.ckaId;
  const verb = isSame ? 'is' : 'may be';
  const other = formatPath(earlier.path);
  return { keys: path, message: `${verb} the same key in the token as ${other}; give each a key of its own` };
}
