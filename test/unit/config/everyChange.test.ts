import { describe, expect, it } from 'vitest';
import { describeChanges, formatChange, type ConfigChange } from '../../../src/config/describeChanges.ts';
import { Secret } from '../../../src/secret.ts';
import { EXAMPLE_ENV, EXAMPLE_FILES, WHOLE_EXAMPLE } from '../../support/exampleConfig.ts';
import { loadWritten } from '../../support/validConfig.ts';

type Step = string | number;
type Branch = Readonly<Record<Step, unknown>>;

interface Part {
  readonly way: readonly Step[];
  readonly value: unknown;
}

function isBranch(value: unknown): value is Branch {
  const isObject = typeof value === 'object' && value !== null;
  if (!isObject || value instanceof Secret || ArrayBuffer.isView(value)) return false;
  return !Array.isArray(value) || value.some(isBranch);
}

/** All parts of a value except the value itself, each with its path. */
function partsOf(value: unknown, way: readonly Step[] = []): Part[] {
  if (!isBranch(value)) return [];
  const steps: Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return steps.flatMap((step) => {
    const part = { way: [...way, step], value: value[step] };
    return part.value === undefined ? [] : [part, ...partsOf(part.value, part.way)];
  });
}

/** A copy with another part, or without it if `part` is undefined. */
function withPart<T>(value: T, [step, ...rest]: readonly Step[], part: unknown): T {
  if (step === undefined) return part as T;
  const next = withPart((value as Branch)[step], rest, part);
  if (!Array.isArray(value)) return { ...value, [step]: next };
  const entries = value.map((entry: unknown, index) => (index === step ? next : entry));
  return entries.filter((entry) => entry !== undefined) as T;
}

function another(value: unknown): unknown {
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (value instanceof Secret) return new Secret(`${value.reveal()}x`);
  if (Array.isArray(value)) return [...(value as unknown[]), 'x'];
  if (ArrayBuffer.isView(value)) return Buffer.from('x');
  throw new Error(`There is no other ${typeof value}`);
}

/** The reported changes after a part of the example was replaced, with the names on the path to the part. */
class Example {
  readonly config = loadWritten(WHOLE_EXAMPLE, EXAMPLE_FILES, EXAMPLE_ENV).config;
  readonly parts = partsOf(this.config);
  readonly leaves = this.parts.filter(({ value }) => !isBranch(value));

  /** The names on the path to a part, including those of list entries. */
  namesOn(way: readonly Step[]): string[] {
    let value: unknown = this.config;
    return way.map((step) => {
      value = (value as Branch)[step];
      return typeof step === 'string' ? step : nameOf(value);
    });
  }

  /** Whether a field names the list entry that contains it. */
  isName({ way, value }: Part): boolean {
    const entry: unknown = way.slice(0, -1).reduce<unknown>((part, step) => (part as Branch)[step], this.config);
    return typeof way.at(-2) === 'number' && nameOf(entry) === value && NAMES.includes(String(way.at(-1)));
  }

  changesTo(way: readonly Step[], part: unknown): ConfigChange[] {
    return describeChanges(this.config, withPart(this.config, way, part));
  }
}

const NAMES = ['name', 'id', 'accessKeyId', 'label', 'ckaId'];

function nameOf(entry: unknown): string {
  const { name, id, accessKeyId, label, ckaId } = entry as Readonly<Record<string, string | undefined>>;
  return name ?? id ?? accessKeyId ?? label ?? ckaId ?? '';
}

function needsRestart([section, key, ...rest]: readonly Step[]): boolean {
  if (section === 'server' && key === 'tls') return rest.length === 0;
  if (section === 'server' && key === 'drainSeconds') return false;
  return ['server', 'monitoring', 'log', 'audit', 'blockList'].includes(String(section));
}

function isVersion(way: readonly Step[]): boolean {
  return way.at(-2) === 'versions';
}

describe('in the example with all settings,', () => {
  it('another value is reported once', () => {
    const example = new Example();
    const leaves = example.leaves.filter((leaf) => !example.isName(leaf));
    expect(leaves.length).toBeGreaterThan(50);
    for (const { way, value } of leaves) {
      const isHidden = value instanceof Secret || ArrayBuffer.isView(value);
      expect(example.changesTo(way, another(value))).toEqual([
        {
          path: example.namesOn(way),
          what: expect.stringMatching(isHidden ? /^changed$/ : / to |^changed$/) as string,
          needsRestart: needsRestart(way),
        },
      ]);
    }
  });

  it('another name is reported as a removed and an added entry, or as another list of versions', () => {
    const example = new Example();
    const names = example.leaves.filter((leaf) => example.isName(leaf));
    expect(names.length).toBeGreaterThan(10);
    for (const { way, value } of names) {
      const entry = way.slice(0, -1);
      const [path, list] = [example.namesOn(entry), example.namesOn(entry.slice(0, -1))];
      const [what, fixed] = [expect.stringContaining(`${String(value)}x`) as string, { needsRestart: false }];
      expect(example.changesTo(way, another(value))).toEqual(
        isVersion(entry)
          ? [{ path: list, what, ...fixed }]
          : [
              { path, what: 'removed', ...fixed },
              { path: [...list, `${String(value)}x`], what: 'added', ...fixed },
            ],
      );
    }
  });

  it('a removed or added part is reported once', () => {
    const example = new Example();
    // An entry without its name is not valid.
    const removable = example.parts.filter((part) => !example.isName(part) && !isVersion(part.way));
    expect(removable.length).toBeGreaterThan(80);
    for (const { way } of removable) {
      const without = withPart(example.config, way, undefined);
      const expected = { path: example.namesOn(way), needsRestart: needsRestart(way) };
      expect(describeChanges(example.config, without)).toEqual([{ ...expected, what: 'removed' }]);
      expect(describeChanges(without, example.config)).toEqual([{ ...expected, what: 'added' }]);
    }
  });

  it('fewer or reordered versions are reported once', () => {
    const example = new Example();
    const lists = example.parts.filter(({ way, value }) => way.at(-1) === 'versions' && (value as object[]).length > 1);
    expect(lists).not.toEqual([]);
    for (const { way, value } of lists) {
      const [first, ...rest] = value as object[];
      for (const versions of [rest, [...rest, first]]) {
        expect(example.changesTo(way, versions)).toMatchObject([{ path: example.namesOn(way), needsRestart: false }]);
      }
    }
  });
});

it('names with dots are in quotes, and hide nothing', () => {
  const withStatus = (status: string) => {
    const versions = [{ label: 'a' }];
    const keys = ['payments', 'payments.status', 'payments.status.versions'].map((id) => ({ id, status, versions }));
    return { keyStores: [{ name: 'orders', keys }] };
  };
  expect(describeChanges(withStatus('enabled'), withStatus('blocked')).map(formatChange)).toEqual([
    'keyStores.orders.keys.payments.status: "enabled" to "blocked"',
    'keyStores.orders.keys."payments.status".status: "enabled" to "blocked"',
    'keyStores.orders.keys."payments.status.versions".status: "enabled" to "blocked"',
  ]);
});

it('versions that share a name are one value, and none is lost', () => {
  const withDecryptOnly = (decryptOnly: boolean) => {
    const versions = [
      { label: '0a', decryptOnly },
      { ckaId: '0a', decryptOnly: false },
    ];
    return { keyStores: [{ name: 'orders', keys: [{ id: 'payments', versions }] }] };
  };
  expect(describeChanges(withDecryptOnly(false), withDecryptOnly(true))).toMatchObject([
    { path: ['keyStores', 'orders', 'keys', 'payments', 'versions'] },
  ]);
});
