import { loadPolicySet, type PolicySet } from '../../src/policy/policySet.ts';
import { atOnce } from '../../src/timing/steps.ts';

/** The policy set of a text; throws PolicySetError. */
export function policySetOf(text: string, file = 'p.cedar'): PolicySet {
  return atOnce(loadPolicySet(text, file)).policySet;
}
