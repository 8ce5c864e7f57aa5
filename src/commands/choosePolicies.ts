import { ConfigSource } from '../config/files/configSource.ts';
import type { GivenRequest } from '../config/policyTests.ts';
import { explain, type Explanation } from '../policy/explain.ts';
import { PolicyEngine, type Decision } from '../policy/policyEngine.ts';
import type { LoadedPolicies, PolicySet } from '../policy/policySet.ts';
import type { PolicySubject } from '../policy/requestOf.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { findKeyStore } from './findKeyStore.ts';

export interface PolicyChoice {
  readonly config: string;
  /** File of policies to use instead of the policies in the configuration. */
  readonly policyFile?: string;
  /** Name of the key store. */
  readonly store: string;
}

/** The policies of a key store. */
export interface ChosenPolicies {
  readonly subjectOf: (request: GivenRequest) => PolicySubject;
  readonly decide: (request: GivenRequest) => Decision;
  readonly explain: (request: GivenRequest) => Explanation[];
}

/** Finds the policies. Throws ConfigError, or CommandFailure if there are no such policies. */
export function choosePolicies(
  cli: Pick<Cli, 'env' | 'err'>,
  { config, policyFile, store }: PolicyChoice,
): ChosenPolicies {
  if (policyFile === undefined) return ofConfig(cli, config, store);
  const { policySet, remarks } = loadPolicies(policyFile);
  for (const warning of remarks.warnings) cli.err(`warning: ${policyFile}: ${warning}`);
  return chosen(policySet, store, ({ tags = {} }) => tags);
}

function ofConfig(cli: Pick<Cli, 'env'>, config: string, store: string): ChosenPolicies {
  const { keyStore } = findKeyStore(cli, config, store);
  if (!keyStore.policyFile) throw new CommandFailure(`${store} has no policyFile: its requests are not restricted`);
  return chosen(keyStore.policyFile, store, ({ externalKeyId, tags }) => {
    const key = keyStore.keys.find(({ id }) => id === externalKeyId);
    if (!key) throw new CommandFailure(`${store} has no external key ${externalKeyId}`);
    return tags ?? { ...keyStore.tags, ...key.tags };
  });
}

function loadPolicies(file: string): LoadedPolicies {
  try {
    return new ConfigSource('.', {}).loadPolicies(file);
  } catch (error) {
    const { message } = error as Error;
    throw new CommandFailure(message.startsWith('names ') ? `--policy-file ${message}` : message);
  }
}

type Tags = Readonly<Record<string, string>>;

function chosen(policySet: PolicySet, keyStore: string, tagsOf: (request: GivenRequest) => Tags): ChosenPolicies {
  const engine = new PolicyEngine(policySet);
  const subjectOf = (request: GivenRequest): PolicySubject => {
    const { operation, externalKeyId, vpcEndpointId, clientCommonName, requestMetadata } = request;
    const externalKey = { id: externalKeyId, tags: tagsOf(request) };
    return { api: operation, keyStore, externalKey, requestMetadata, vpcEndpointId, clientCommonName };
  };
  return {
    subjectOf,
    decide: (request) => engine.decide(subjectOf(request)),
    explain: (request) => explain(policySet, subjectOf(request)),
  };
}
