import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { ConfigSource } from './configSource.ts';
import { crossCheck } from './crossCheck.ts';
import { ConfigError, formatPath, type KeyPath, type Problem } from './problem.ts';
import { configSchema, type Config } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** What is allowed, but probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration file and everything it refers to; files named in it are relative to its own folder.
 * Throws ConfigError with every problem at once.
 */
export function loadConfig(file: string, env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const written = toPlainValue(file, parseYaml(file));
  const source = new ConfigSource(dirname(resolve(file)), env);
  const result = configSchema(source).safeParse(written);
  const problems = [...(result.error?.issues ?? []).map((issue) => toProblem(issue, written)), ...crossCheck(written)];
  if (!result.success || problems.length > 0) throw new ConfigError(file, problems);
  return { config: deepFreeze(result.data), warnings: source.warnings };
}

/** The file as a YAML document; throws ConfigError if it is not one. */
export function parseYaml(file: string): Document {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(file, [{ path: '', message: `the file cannot be read (${code})` }]);
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    // Only the first line of each: the others quote the file.
    const problems = document.errors.map(({ message }) => ({ path: '', message: message.split(':\n')[0] ?? message }));
    throw new ConfigError(file, problems);
  }
  return document;
}

// An alias may name no anchor, or multiply without end: the library then throws.
function toPlainValue(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigError(file, [{ path: '', message: (error as Error).message }]);
  }
}

function toProblem(issue: z.core.$ZodIssue, written: unknown): Problem {
  if (issue.code === 'unrecognized_keys') {
    return { path: formatPath(issue.path), message: `has unknown keys: ${issue.keys.join(', ')}` };
  }
  const given = valueAt(written, issue.path);
  if (issue.code === 'invalid_type' && given === undefined) {
    return { path: formatPath(issue.path), message: `is missing; it must be a ${nameOf(issue.expected)}` };
  }
  return {
    path: formatPath(issue.path),
    message:
      given === undefined || isSecret(issue.path) ? issue.message : `${issue.message} (given: ${abridge(given)})`,
  };
}

// YAML's words for zod's types.
function nameOf(expected: string): string {
  return { array: 'list', object: 'map' }[expected] ?? expected;
}

function valueAt(written: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    written,
  );
}

// Someone may have written the secret itself where a reference belongs.
function isSecret(path: KeyPath): boolean {
  return path.includes('pin') || path.includes('secretAccessKey');
}

function abridge(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
