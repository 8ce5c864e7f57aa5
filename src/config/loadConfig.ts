import { dirname, resolve } from 'node:path';
import { readFromDisk, recordFiles, type ConfigSnapshot } from './configFiles.ts';
import { ConfigSource } from './configSource.ts';
import { crossCheck, oldNames } from './crossCheck.ts';
import { parseYaml, toPlainValue } from './parseYaml.ts';
import { ConfigError } from './problem.ts';
import { configSchema, type Config } from './schema.ts';
import { sharedKeys } from './sharedKeys.ts';
import { toProblem } from './toProblem.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** What is allowed, but probably not meant. */
  readonly warnings: readonly string[];
  /** What it was made of. */
  readonly snapshot: ConfigSnapshot;
}

/**
 * Reads a configuration file and everything it refers to; files named in it are relative to its own folder.
 * Throws ConfigError with every problem at once.
 */
export function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile = readFromDisk,
): LoadedConfig {
  const { read, snapshot } = recordFiles(readFile);
  const written = toPlainValue(file, parseYaml(file, read));
  const source = new ConfigSource(dirname(resolve(file)), env, read);
  const result = configSchema(source).safeParse(written);
  const problems = [...(result.error?.issues ?? []).map((issue) => toProblem(issue, written)), ...crossCheck(written)];
  if (!result.success || problems.length > 0) throw new ConfigError(file, problems);
  const warnings = [...oldNames(written), ...source.warnings, ...sharedKeys(result.data)];
  return { config: deepFreeze(result.data), warnings, snapshot: snapshot() };
}

function deepFreeze<T>(value: T): T {
  // Bytes cannot be frozen.
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
