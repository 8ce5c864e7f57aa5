import { isDeepStrictEqual } from 'node:util';
import type { Correspondence } from './correspondence.ts';

/** A difference between a recorded answer and the local one. */
export interface Difference {
  /** Path of the part that differs, such as `output.KeyMetadata.Enabled`. */
  readonly path: string;
  /** Undefined if the recorded answer has no such part. The same applies to `local`. */
  readonly recorded: unknown;
  readonly local: unknown;
}

// Source: the service model of KMS 2014-11-01. Values of these members differ from one run to the next.
const DATE = /(Date|ValidTo)$/;
const GENERATED =
  /(^|\.)(Arn|CiphertextBlob|CiphertextForRecipient|CustomKeyStoreId|GrantId|GrantToken|KeyArn|\w*KeyId|\w*KeyMaterialId|NextMarker|Plaintext)$/;

/** Returns all parts in which a local answer differs from the recorded one. Pairs generated values when they first appear. */
export function compareAnswers(recorded: unknown, local: unknown, pairs: Correspondence, path: string): Difference[] {
  if (DATE.test(path) && recorded !== undefined && local !== undefined) return [];
  if (typeof recorded === 'string' && typeof local === 'string') {
    // An ARN is paired by its key id, because its Region and account are already paired.
    const [id = '', localId = ''] = [recorded, local].map((text) => text.replace(/^arn:.*:key\//, ''));
    if (GENERATED.test(path) && !pairs.knows(id)) pairs.pair(id, localId);
    return pairs.toLocal(recorded) === local ? [] : [{ path, recorded: pairs.toLocal(recorded), local }];
  }
  if (Array.isArray(recorded) && Array.isArray(local)) {
    return pairUnequal(recorded, local, pairs).flatMap(([expected, actual, index]) =>
      compareAnswers(expected, actual, pairs, `${path}.${index}`),
    );
  }
  if (isObject(recorded) && isObject(local)) {
    const names = new Set([...Object.keys(recorded), ...Object.keys(local)]);
    return [...names].flatMap((name) => compareAnswers(recorded[name], local[name], pairs, `${path}.${name}`));
  }
  return isDeepStrictEqual(recorded, local) ? [] : [{ path, recorded, local }];
}

/**
 * Pairs the elements of two lists that have no equal element in the other list. The order of equal elements is ignored, because the order
 * of KMS's lists has no meaning.
 */
function pairUnequal(
  recorded: readonly unknown[],
  local: readonly unknown[],
  pairs: Correspondence,
): [recorded: unknown, local: unknown, index: number][] {
  const left = new Set(local.keys());
  const candidates = local.map(withoutDates);
  const equal = new Set<number>();
  for (const [index, element] of recorded.entries()) {
    const expected = withoutDates(pairs.toLocal(element));
    const found = [...left].find((candidate) => isDeepStrictEqual(candidates[candidate], expected));
    if (found === undefined) continue;
    equal.add(index);
    left.delete(found);
  }
  const rest = [...recorded.keys()].filter((index) => !equal.has(index));
  const others = [...left];
  const unequal = rest.map((index, place): [unknown, unknown, number] => {
    const other = others[place];
    return [recorded[index], other === undefined ? undefined : local[other], index];
  });
  const surplus = others.slice(unequal.length).map((index, place): [unknown, unknown, number] => {
    return [undefined, local[index], recorded.length + place];
  });
  return [...unequal, ...surplus];
}

function withoutDates(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, DATE.test(name) ? 'a date' : withoutDates(member)]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
