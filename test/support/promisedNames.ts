import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../../src/config/schema/configJsonSchema.ts';
import { requestRecord } from '../../src/http/requestRecord.ts';
import { SCHEMA_STEPS } from '../../src/kms/state/schema.ts';
import { runCommandHere } from './runCommandHere.ts';

/** Lists of names by kind in this version. docs/compatibility.md promises that they stay. */
export async function promisedNames(): Promise<Readonly<Record<string, readonly string[]>>> {
  return {
    configuration: [...new Set(configurationKeys(configJsonSchema(), ''))].toSorted(),
    commands: (await commandsOf([])).toSorted(),
    exitCodes: await exitCodes(),
    metrics: metrics(),
    recordFields: recordFields(),
    stateFileSteps: SCHEMA_STEPS.map((step) => hash('sha256', step)),
  };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** Every key of the configuration with its path, such as `keyStores[].keys[].id`. */
function configurationKeys(schema: Schema, path: string): string[] {
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [], allOf = [] } = schema;
  const named = Object.entries(properties).flatMap(([name, value]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return [key, ...configurationKeys(value, key)];
  });
  return [
    ...named,
    ...(items ? configurationKeys(items, `${path}[]`) : []),
    ...(typeof additionalProperties === 'object' ? configurationKeys(additionalProperties, `${path}.*`) : []),
    ...[...anyOf, ...oneOf, ...allOf].flatMap((one) => configurationKeys(one, path)),
  ];
}

/** Every command and option below a command, with the names from its help, such as `key create --cka-id`. */
async function commandsOf(command: readonly string[]): Promise<string[]> {
  const { stdout } = await runCommandHere([...command, '--help']);
  const sectionOf = (title: string) => new RegExp(`^${title}:\\n((?:  .*\\n)+)`, 'm').exec(stdout)?.[1] ?? '';
  const options = [...sectionOf('Options').matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name = '']) => name);
  const commands = [...sectionOf('Commands').matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name);
  const below = commands.filter((name) => name !== 'help').map((name) => [...command, name]);
  const nested = await Promise.all(below.map(commandsOf));
  return [
    ...options.filter((name) => name !== '--help').map((name) => [...command, name].join(' ')),
    ...below.map((words) => words.join(' ')),
    ...nested.flat(),
  ];
}

/** Meanings of the exit codes, tested with commands that exit with them. */
async function exitCodes(): Promise<string[]> {
  const ends = {
    done: ['--version'],
    'refused or failed': ['config', 'check', '--config', '/nowhere/config.yaml'],
    usage: ['serve', '--no-such-option'],
  };
  return Promise.all(
    Object.entries(ends).map(async ([meaning, args]) => `${(await runCommandHere(args)).exitCode} ${meaning}`),
  );
}

/**
 * Each metric with its type, and each of its labels, as the guide lists them. test/unit/monitoring/namesInUse.test.ts
 * checks that the guide matches the program.
 */
function metrics(): string[] {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| `(xks_proxy_\w+)` \| (\w+) \|([^|]*)\|/gm)];
  return rows
    .flatMap(([, name = '', type = '', text = '']) => {
      const labels = [...text.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
      return [`${name} ${type}`, ...labels.map((label) => `${name}{${label}}`)];
    })
    .toSorted();
}

/** Members of the record of a request, in the log stream and in the audit log. */
function recordFields(): string[] {
  const exchange = { startedAt: 0, remoteAddress: undefined, onEnd: () => undefined };
  return Object.keys(requestRecord(exchange, { status: 200, headers: {}, body: '' })).toSorted();
}
