import type { Explanation } from '../policy/explain.ts';
import type { Decision } from '../policy/policyEngine.ts';

/** Describes a decision: `allow by a, b`, `deny by c`, or `deny: no policy permits it`. */
export function describeDecision({ allowed, policyIds, error }: Decision): string {
  if (error !== undefined) return `deny: the policy engine failed: ${error}`;
  if (policyIds.length === 0) return 'deny: no policy permits it';
  return `${allowed ? 'allow' : 'deny'} by ${policyIds.join(', ')}`;
}

/** Lists the conditions of a policy that the request does not meet, one per line. */
export function describeUnmet({ policyId, unmet }: Explanation): string {
  return [`${policyId} does not permit it; not true of the request:`, ...unmet.map((part) => `  ${part}`)].join('\n');
}
