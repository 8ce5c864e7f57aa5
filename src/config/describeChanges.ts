import type { z } from 'zod';
import { Secret } from '../secret.ts';
import { changeRules, type ChangeRule } from './schema/changeRules.ts';
import { ConfigSource } from './files/configSource.ts';
import { isSameValue } from './sameValue.ts';
import { configSchema } from './schema/schema.ts';
import { schemaWithin, unwrap } from './schema/schemaPath.ts';

export interface ConfigChange {
  /** Keys, and the names of list entries: `keyStores`, `orders`, `keys`, `payments`, `status`. */
  readonly path: readonly string[];
  /** Description of the change, such as `enabled to blocked` or `added`; `changed` if the values may not be shown. */
  readonly what: string;
  /** Whether it takes effect only after a restart. */
  readonly needsRestart: boolean;
}

/** The schema and rules of a part of a configuration. */
interface Field {
  /** Undefined for a part that a transformation has made. */
  readonly schema: z.core.$ZodTypes | undefined;
  readonly rule: ChangeRule;
}

interface Part {
  readonly path: readonly string[];
  readonly field: Field;
  /** Undefined if the part is absent. */
  readonly was: unknown;
  readonly is: unknown;
}

const SHOWN_CHARACTERS = 100;

/** Lists the changes of a new configuration, in the configuration's order, without secrets. */
export function describeChanges(before: object, after: object): ConfigChange[] {
  const schema = configSchema(new ConfigSource('.', {}));
  return changesOf({ path: [], field: fieldOf(schema, {}), was: before, is: after });
}

/** Formats a change in one line. Names of more than one word are quoted. */
export function formatChange({ path, what }: ConfigChange): string {
  return `${path.map((name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name))).join('.')}: ${what}`;
}

function changesOf(part: Part): ConfigChange[] {
  const { path, field, was, is } = part;
  if (isSameValue(was, is)) return [];
  const [old, now] = [partsOf(was, field.rule), partsOf(is, field.rule)];
  if (!old || !now) return [changeOf(part)];
  const [oldNames, newNames] = [[...old.keys()], [...now.keys()]];
  if (field.rule.isOrdered && !isSameValue(oldNames, newNames)) {
    return [changeOf({ ...part, was: oldNames, is: newNames })];
  }
  return [...new Set([...oldNames, ...newNames])].flatMap((name) =>
    changesOf({ path: [...path, name], field: childOf(field, name), was: old.get(name), is: now.get(name) }),
  );
}

function changeOf({ path, field: { rule }, was, is }: Part): ConfigChange {
  const isPresence = was === undefined || is === undefined;
  return {
    path,
    what: was === undefined ? 'added' : is === undefined ? 'removed' : inWords(was, is, rule),
    needsRestart: rule.restart === 'needed' || (rule.restart === 'to add or remove' && isPresence),
  };
}

function inWords(was: unknown, is: unknown, { isHidden = false }: ChangeRule): string {
  const texts = [was, is].map((value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value)));
  const mayBeShown = ![was, is].some((value) => value instanceof Secret || ArrayBuffer.isView(value));
  const isShown = mayBeShown && !isHidden && texts.every(({ length }) => length <= SHOWN_CHARACTERS);
  return isShown ? texts.join(' to ') : 'changed';
}

/** Returns the parts of a map, or of a list of named entries, by their names. Undefined for a single value. */
function partsOf(value: unknown, { namedBy }: ChangeRule): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Secret || ArrayBuffer.isView(value)) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value).filter(([, part]) => part !== undefined));
  if (!namedBy) return undefined;
  const entries = value as readonly Readonly<Record<string, string | undefined>>[];
  const parts = new Map(entries.map((entry) => [namedBy.map((key) => entry[key]).find(isGiven) ?? '', entry]));
  // One entry's label may be the CKA_ID of another.
  return parts.size === entries.length ? parts : undefined;
}

function isGiven(name: string | undefined): boolean {
  return name !== undefined;
}

function childOf({ schema, rule }: Field, name: string): Field {
  const child = schema && schemaWithin(schema, name);
  // A part that the schema does not describe has the rules of the whole.
  return child ? fieldOf(child, rule) : { schema: undefined, rule: { ...rule, ...inherited(rule) } };
}

/** Unwraps a schema and combines the rules of all its wrappers. Outer rules take precedence. */
function fieldOf(given: z.core.$ZodType, outer: ChangeRule): Field {
  let schema = given as z.core.$ZodTypes;
  let own: ChangeRule = { ...changeRules.get(schema) };
  for (let inner = unwrap(schema); inner; inner = unwrap(schema)) {
    schema = inner as z.core.$ZodTypes;
    own = { ...changeRules.get(schema), ...own };
  }
  return { schema, rule: { ...inherited(outer), ...own } };
}

function inherited({ restart = 'not needed' }: ChangeRule): ChangeRule {
  return { restart: restart === 'to add or remove' ? 'not needed' : restart };
}
