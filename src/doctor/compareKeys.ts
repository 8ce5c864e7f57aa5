import type { Config } from '../config/schema/schema.ts';
import type { KeySelector } from '../hsm/keyManager.ts';
import { failure, ok, warning } from './context.ts';
import { describeVersion, lessIfBlocked, type KeyCheckValue } from './examineKeys.ts';
import type { Finding } from '../finding.ts';

/** Compares the check values of each key version in the key managers of its key store, which must have the same keys. */
export function* compareKeys({ keyStores }: Config, checkValues: readonly KeyCheckValue[]): Generator<Finding> {
  const byPlace = new Map(checkValues.map(({ keyManager, key, checkValue }) => [placeOf(keyManager, key), checkValue]));
  for (const store of keyStores) {
    const { name, keyManagers } = store;
    if (keyManagers.length < 2) continue;
    const versions = store.keys.flatMap((key) => key.versions.map((version) => ({ key, version })));
    let [equal, unknown] = [0, 0];
    for (const { key, version } of versions) {
      const found = keyManagers.flatMap((keyManager): Found[] => {
        const checkValue = byPlace.get(placeOf(keyManager, version));
        return checkValue === undefined ? [] : [{ keyManager, checkValue }];
      });
      const difference = compare(`key ${key.id} of ${name}`, describeVersion(version), found);
      if (difference) yield lessIfBlocked(difference, store, key);
      else if (found.length === keyManagers.length) equal += 1;
      else unknown += 1;
    }
    if (equal + unknown === 0) continue;
    const message = `${equal} of ${versions.length} key versions have the same check value in ${keyManagers.join(', ')}`;
    const lacking = `${unknown} could not be compared, for lack of the key or of its check value`;
    yield ok(`keys of ${name}`, unknown === 0 ? message : `${message}; ${lacking}`);
  }
}

interface Found {
  readonly keyManager: string;
  readonly checkValue: string;
}

/** Returns a finding if the check values are not of one key. A key manager may report more bytes than another one does. */
function compare(check: string, version: string, found: readonly Found[]): Finding | undefined {
  const values = found.map(({ checkValue }) => checkValue).toSorted((a, b) => b.length - a.length);
  const [longest = ''] = values;
  if (values.every((value) => longest.startsWith(value))) return undefined;
  const all = found.map(({ keyManager, checkValue }) => `${checkValue} in ${keyManager}`).join(', ');
  if (values.some(({ length }) => length < longest.length)) {
    const message = `${version} may not be the same key everywhere: its check value is ${all}`;
    const advice = 'ask the vendors how they compute it, and decrypt a known ciphertext with each key manager';
    return warning(check, message, advice);
  }
  const message = `${version} is not the same key everywhere: its check value is ${all}`;
  const advice =
    'until they have the same key, leave only the right ones in keyManagers; a known ciphertext or an earlier key list tells which are right (docs/disaster-recovery.md)';
  return failure(check, message, advice);
}

function placeOf(keyManager: string, { label, ckaId }: KeySelector): string {
  return JSON.stringify([keyManager, label, ckaId]);
}
