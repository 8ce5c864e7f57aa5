import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readFromDisk, recordFiles, type ConfigSnapshot, type ReadConfigFile } from './files/configFiles.ts';
import { ConfigSource } from './files/configSource.ts';
import { environmentReferences } from './checks/environmentReferences.ts';
import { crossCheck, oldNames, policyFiles } from './checks/crossCheck.ts';
import { ConfigError, formatProblem, locate as locateIn, type Problem, type Remark } from './problems/problem.ts';
import { configSchema, type Config } from './schema/schema.ts';
import { blankSecrets } from './checks/blankSecrets.ts';
import { policyWarnings } from './checks/policyWarnings.ts';
import type { PolicySet } from '../policy/policySet.ts';
import { atOnce, type Steps } from '../timing/steps.ts';
import { sharedKeys } from './checks/sharedKeys.ts';
import { toRemarks } from './problems/toRemark.ts';
import { writableByAll } from './checks/writableByAll.ts';
import { unknownRegions } from './checks/unknownRegions.ts';
import { placeOf, readYaml } from './yaml/writtenYaml.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Settings that are allowed, but probably not intended. */
  readonly warnings: readonly string[];
  /** The files that the configuration was made of. */
  readonly snapshot: ConfigSnapshot;
  /** The policy sets of its key stores, each once. */
  readonly policySets: readonly PolicySet[];
  /** Adds places in the file to further remarks on the configuration. */
  readonly locate: (remarks: readonly Remark[]) => Problem[];
}

/**
 * Loads a configuration file and everything that it refers to. File names in it are relative to its folder. Throws ConfigError
 * with every problem at once. `policySets`: those of the same files, if they were loaded earlier.
 */
export function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile = readFromDisk,
  policySets: readonly PolicySet[] = [],
): LoadedConfig {
  return atOnce(loadInSteps(file, env, readFile, policySets));
}

/** Does the same in steps, because policies take up to a millisecond each. */
export function* loadInSteps(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadConfigFile,
  policySets: readonly PolicySet[] = [],
): Steps<LoadedConfig> {
  const { read, snapshot } = recordFiles(readFile);
  const yaml = readYaml(file, read);
  const { value: written } = yaml;
  const source = new ConfigSource(dirname(resolve(file)), env, read, policySets);
  for (const policyFile of policyFiles(written)) yield* source.preparePolicies(policyFile);
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
    ...policyWarnings(data, source),
    ...writableByAll([...Object.keys(snapshot()), ...data.keyManagers.map(({ pkcs11 }) => pkcs11.module)]),
  ];
  return {
    config: deepFreeze(data),
    warnings: locate(warnings).map(formatProblem),
    snapshot: snapshot(),
    policySets: [...new Set(data.keyStores.flatMap(({ policyFile }) => policyFile ?? []))],
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
