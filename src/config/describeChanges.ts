import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../secret.ts';

export interface ConfigChange {
  /** Path of the key, with the names of list entries: `keyStores.orders.keys.payments.status`. */
  readonly path: string;
  /** What happened to it, such as `enabled to blocked`, `added` or, for what may not be shown, `changed`. */
  readonly what: string;
  /** Whether it takes effect with a restart only. */
  readonly needsRestart: boolean;
}

// What a listening process, or its set-up, is made with.
const FIXED = ['server', 'monitoring', 'log', 'audit'];
const NOT_FIXED = ['server.tls', 'server.drainSeconds'];
// To listen without TLS, or with it after all, is another listener.
const FIXED_AS_A_WHOLE = 'server.tls';

/** What a new configuration changes, in the order of the configuration; nothing secret. */
export function describeChanges(before: object, after: object): ConfigChange[] {
  const [old, now] = [flatten(before), flatten(after)];
  const paths = new Set([...old.keys(), ...now.keys()]);
  const changes = [...paths].flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (isDeepStrictEqual(was, is)) return [];
    return [{ path, what: was === undefined ? 'added' : is === undefined ? 'removed' : describe(was, is) }];
  });
  return changes
    .filter(({ path }) => !changes.some((outer) => path.startsWith(`${outer.path}.`)))
    .map(({ path, what }) => ({ path, what, needsRestart: needsRestart(path, what) }));
}

function needsRestart(path: string, what: string): boolean {
  const under = (places: readonly string[]) => places.some((place) => path === place || path.startsWith(`${place}.`));
  if (path === FIXED_AS_A_WHOLE && what !== 'changed') return true;
  return under(FIXED) && !under(NOT_FIXED);
}

interface Leaf {
  /** JSON; a secret is revealed. */
  readonly value: string;
  readonly mayBeShown: boolean;
}

function describe(was: Leaf, is: Leaf): string {
  return was.mayBeShown && is.mayBeShown ? `${was.value} to ${is.value}` : 'changed';
}

/** Whether two parts of a configuration are the same, their secrets too. */
export function isSameValue(one: object, other: object): boolean {
  return isDeepStrictEqual(flatten(one), flatten(other));
}

/** Every value of the configuration by its path; a map or list as a whole too, so that one that appears is said once. */
function flatten(value: unknown, path = '', leaves = new Map<string, Leaf>()): Map<string, Leaf> {
  if (value instanceof Secret) leaves.set(path, { value: value.reveal(), mayBeShown: false });
  // Bytes are made of other values.
  else if (ArrayBuffer.isView(value) || value === undefined) return leaves;
  else if (typeof value === 'object' && value !== null) {
    const parts = Array.isArray(value) ? value.map(nameEntry) : Object.entries(value);
    // The last version of a key encrypts, so the order of versions counts.
    const order = path.endsWith('.versions') ? JSON.stringify(parts.map(([name]) => name)) : '';
    if (path !== '') leaves.set(path, { value: order, mayBeShown: true });
    for (const [name, part] of parts) flatten(part, path === '' ? name : `${path}.${name}`, leaves);
  } else {
    const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    leaves.set(path, { value: text, mayBeShown: text.length <= 100 });
  }
  return leaves;
}

/** An entry of a list is known by its name, so that the others are the same when one goes; a plain value by itself. */
function nameEntry(entry: unknown, index: number): [string, unknown] {
  if (typeof entry !== 'object' || entry === null) return [String(index + 1), entry];
  const { name, id, accessKeyId, label } = entry as Readonly<Record<string, string | undefined>>;
  return [name ?? id ?? accessKeyId ?? label ?? String(index + 1), entry];
}
