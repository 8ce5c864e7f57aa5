import { ISOLATION_OF_CALLS } from '../schema/keyManagerSchema.ts';
import { formatPath, type KeyPath, type Remark } from '../problems/problem.ts';

interface Place {
  readonly path: KeyPath;
  readonly value: unknown;
}

/**
 * Finds problems between parts of a configuration file: duplicate names, and references to nothing. It works on the file as
 * written, so that these problems are reported even beside a misspelt key.
 */
export function crossCheck(written: unknown): Remark[] {
  const managers = entries(written, [], 'keyManagers');
  const stores = entries(written, [], 'keyStores');
  const keysOf = stores.map((store) => entries(store.value, store.path, 'keys'));
  const credentials = stores.flatMap((store) => entries(store.value, store.path, 'credentials'));
  const references = stores.flatMap((store) => entries(store.value, store.path, 'keyManagers'));
  const names = new Set(field(managers, 'name').map(({ value }) => value));

  return [
    ...duplicates(field(managers, 'name')),
    ...duplicates(field(stores, 'name')),
    ...duplicates(field(stores, 'uriPathPrefix')),
    ...duplicates(field(credentials, 'accessKeyId')),
    ...keysOf.flatMap((keys) => duplicates(field(keys, 'id'))),
    ...references
      .filter(({ value }) => typeof value === 'string' && !names.has(value))
      .map(({ path, value }) => ({
        keys: path,
        message: `names no key manager of this file (given: ${JSON.stringify(value)})`,
      })),
  ];
}

/** Warns about keys that a configuration file gives under their old names. */
export function oldNames(written: unknown): Remark[] {
  const sections = entries(written, [], 'keyManagers').flatMap(({ path, value }) =>
    isRecord(value) ? [{ path: [...path, 'pkcs11'], value: value['pkcs11'] }] : [],
  );
  const isolations: Readonly<Record<string, string>> = ISOLATION_OF_CALLS;
  return field(sections, 'calls').map(({ path, value }) => {
    const isolation = isolations[String(value)] ?? '';
    return { keys: path, message: `is the old name of isolation; write isolation: ${isolation}` };
  });
}

/** Lists the policy files that a configuration file names. */
export function policyFiles(written: unknown): string[] {
  const named = field(entries(written, [], 'keyStores'), 'policyFile').map(({ value }) => value);
  return named.filter((value) => typeof value === 'string');
}

function duplicates(places: readonly Place[]): Remark[] {
  const first = new Map<unknown, KeyPath>();
  return places.flatMap(({ path, value }) => {
    const earlier = first.get(value);
    if (!earlier) first.set(value, path);
    return earlier ? [{ keys: path, message: `is the same as ${formatPath(earlier)}` }] : [];
  });
}

function entries(parent: unknown, path: KeyPath, list: string): Place[] {
  const value = isRecord(parent) ? parent[list] : undefined;
  return Array.isArray(value)
    ? value.map((entry: unknown, index) => ({ path: [...path, list, index], value: entry }))
    : [];
}

function field(places: readonly Place[], name: string): Place[] {
  return places.flatMap(({ path, value }) =>
    isRecord(value) && typeof value[name] === 'string' ? [{ path: [...path, name], value: value[name] }] : [],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
