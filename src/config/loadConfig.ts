import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readFromDisk, recordFiles, type ConfigSnapshot } from './configFiles.ts';
import { ConfigSource } from './configSource.ts';
import { environmentReferences } from './environmentReferences.ts';
import { crossCheck, oldNames } from './crossCheck.ts';
import { ConfigError, formatProblem, locate as locateIn, type Problem, type Remark } from './problem.ts';
import { configSchema, type Config } from './schema.ts';
import { blankSecrets } from './blankSecrets.ts';
import { policyWarnings } from './policyWarnings.ts';
import { sharedKeys } from './sharedKeys.ts';
import { toRemarks } from './toRemark.ts';
import { writableByAll } from './writableByAll.ts';
import { unknownRegions } from './unknownRegions.ts';
import { placeOf, readYaml } from './writtenYaml.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** What is allowed, but probably not meant. */
  readonly warnings: readonly string[];
  /** What it was made of. */
  readonly snapshot: ConfigSnapshot;
  /** Gives further remarks on it their places in the file. */
  readonly locate: (remarks: readonly Remark[]) => Problem[];
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
  const yaml = readYaml(file, read);
  const { value: written } = yaml;
  const source = new ConfigSource(dirname(resolve(file)), env, read);
  const schema = configSchema(source);
  const { data, error } = schema.safeParse(written);
  const locate = (remarks: readonly Remark[]) => locateIn(remarks, (path) => placeOf(yaml, path));
  const references = environmentReferences(written);
  const isReference = ({ keys }: Remark) => references.some((reference) => isDeepStrictEqual(reference.keys, keys));
  const remarks = [...(error ? toRemarks(error, schema, written) : []), ...crossCheck(written)];
  const problems = [...references, ...remarks.filter((remark) => !isReference(remark))];
  if (!data || problems.length > 0) throw new ConfigError(file, locate(problems));
  const warnings = [
    ...oldNames(written),
    ...source.warnings,
    ...unknownRegions(data),
    ...blankSecrets(data),
    ...sharedKeys(data),
    ...policyWarnings(data),
    ...writableByAll([...Object.keys(snapshot()), ...data.keyManagers.map(({ pkcs11 }) => pkcs11.module)]),
  ];
  return {
    config: deepFreeze(data),
    warnings: locate(warnings).map(formatProblem),
    snapshot: snapshot(),
    locate,
  };
}

function deepFreeze<T>(value: T): T {
  // Bytes cannot be frozen.
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
