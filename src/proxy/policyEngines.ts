import { isSameValue } from '../config/sameValue.ts';
import type { Config } from '../config/schema/schema.ts';
import { loadCedar } from '../policy/cedar.ts';
import { PolicyEngine } from '../policy/policyEngine.ts';
import type { PolicySet } from '../policy/policySet.ts';
import type { Steps } from '../timing/steps.ts';

/** Policy engines by the policy sets of a configuration. Key stores with the same policy file share an engine. */
export type PolicyEngines = ReadonlyMap<PolicySet, PolicyEngine>;

/** Makes one engine in each step. Reuses the engines of `before` whose policy set is the same. */
export function* makePolicyEngines(keyStores: Config['keyStores'], before?: PolicyEngines): Steps<PolicyEngines> {
  const known = new Map([...(before ?? [])].map((entry) => [entry[0].file, entry]));
  const policySets = new Set(keyStores.flatMap(({ policyFile }) => policyFile ?? []));
  const engines = new Map<PolicySet, PolicyEngine>();
  if (policySets.size > 0) yield* loadCedar();
  for (const policySet of policySets) {
    const [old, engine] = known.get(policySet.file) ?? [];
    engines.set(policySet, engine && isSameValue(old, policySet) ? engine : new PolicyEngine(policySet));
    yield;
  }
  return engines;
}

/** Throws if there is no engine, because a key store without one would be unrestricted. */
export function engineOf(engines: PolicyEngines, policySet: PolicySet): PolicyEngine {
  const engine = engines.get(policySet);
  if (!engine) throw new Error(`${policySet.file} has no policy engine`);
  return engine;
}
