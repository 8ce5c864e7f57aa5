import { conditionsHold, variableOf, type ConditionContext } from './conditions.ts';
import { readPattern, type PatternRules } from './pattern.ts';
import type { Elements, Policy, Statement } from './policy.ts';
import { canonicalPrincipal, parsePrincipalArn, type CallerPrincipals } from './principals.ts';

/** A request, with all facts that the decision needs. */
export interface Access {
  /** `kms:` followed by an operation. */
  readonly action: string;
  /** ARN of a key or an alias. For an operation without a resource, the ARN of all resources of the account. */
  readonly resource: string;
  readonly accountId: string;
  readonly caller: CallerPrincipals;
  readonly identityPolicies: readonly Policy[];
  /** Policy of the key, or undefined if the resource is not a key. */
  readonly keyPolicy: Policy | undefined;
  /** Condition keys that identity policies may use. `keyPolicyContext` has those that key policies may use. */
  readonly context: ConditionContext;
  readonly keyPolicyContext: ConditionContext;
  /** Says whether a grant allows the request to the caller or to its account. Called only if no policy decides. */
  readonly grantee: () => PrincipalMatch | undefined;
}

/** If not allowed, `policy` is the kind of policy that denies explicitly, or that does not allow the request. */
export type Decision = 'allowed' | { readonly policy: 'identity-based' | 'resource-based'; readonly explicit: boolean };

/**
 * Decides in AWS's order:
 *
 * 1. If a statement of the key policy or of an identity policy denies the request, it is denied.
 * 2. If the key policy allows the request to this caller by name, it is allowed.
 * 3. If the key policy allows the request to the caller's account, the caller's identity policies may allow it. A caller of another account
 *    always needs both. An operation without a key needs only identity policies.
 * 4. If a grant allows the request to the caller, it is allowed. If the grantee is the caller's account, identity policies must allow it
 *    too.
 *
 * AWS KMS Developer Guide, "Troubleshooting key access"; IAM User Guide, "Policy evaluation logic".
 */
export function decide(access: Access): Decision {
  const { caller, accountId, keyPolicy, identityPolicies, context, keyPolicyContext, grantee } = access;
  const fromKeyPolicy = (effect: Statement['effect']): (PrincipalMatch | undefined)[] =>
    applying(access, keyPolicy, effect, keyPolicyContext).map(({ principals }) => principalMatch(caller, principals));
  const fromIdentity = (effect: Statement['effect']): boolean =>
    identityPolicies.some((policy) => applying(access, policy, effect, context).length > 0);

  if (fromKeyPolicy('Deny').some((match) => match !== undefined)) return { policy: 'resource-based', explicit: true };
  if (fromIdentity('Deny')) return { policy: 'identity-based', explicit: true };

  const isOwn = caller.accountId === accountId;
  const matches = fromKeyPolicy('Allow').filter((match) => match !== undefined);
  if (matches.includes('named') && (isOwn || caller.accountId === undefined)) return 'allowed';
  const isOpen = keyPolicy ? matches.length > 0 : isOwn;
  const mayAllow = (): boolean => caller.isRoot || fromIdentity('Allow');
  if (isOpen && mayAllow()) return 'allowed';
  const granted = grantee();
  if (granted === 'named' || (granted === 'account' && mayAllow())) return 'allowed';
  return { policy: isOpen ? 'identity-based' : 'resource-based', explicit: false };
}

/** Returns the statements of a policy that apply to the request, without regard to their principals. */
function applying(
  { action, resource }: Access,
  policy: Policy | undefined,
  effect: Statement['effect'],
  context: ConditionContext,
): Statement[] {
  if (!policy) return [];
  const { variables, statements } = policy;
  const resourceRules: PatternRules = { wildcards: true, variable: variableOf(context, variables) };
  return statements.filter(
    (statement) =>
      statement.effect === effect &&
      includes(statement.actions, action, ACTION_RULES) &&
      statement.resources !== undefined &&
      includes(statement.resources, resource, resourceRules) &&
      conditionsHold(statement.conditions, context, { variables }),
  );
}

const ACTION_RULES: PatternRules = { wildcards: true, ignoreCase: true, variable: (name) => `\${${name}}` };

function includes({ negated, values }: Elements, text: string, rules: PatternRules): boolean {
  return values.some((pattern) => readPattern(pattern, rules)(text)) !== negated;
}

/** How a principal matches: it is the caller (`named`), or the caller's account, whose identity policies then decide. */
export type PrincipalMatch = 'named' | 'account';

function principalMatch(caller: CallerPrincipals, principals: Elements | undefined): PrincipalMatch | undefined {
  if (!principals) return undefined;
  const { negated, values } = principals;
  const listed = new Set(values.map(canonicalPrincipal));
  const isListed = (name: string): boolean => listed.has('*') || listed.has(name);
  // NotPrincipal excludes a session if it lists both the session and its role. IAM User Guide, "NotPrincipal".
  if (negated) return caller.names.every(isListed) ? undefined : 'named';
  if (caller.names.some(isListed)) return 'named';
  return [...listed].some((principal) => isAccountOf(caller, principal)) ? 'account' : undefined;
}

function isAccountOf({ accountId }: CallerPrincipals, principal: string): boolean {
  const { kind, accountId: named } = parsePrincipalArn(principal) ?? {};
  return kind === 'root' && named === accountId;
}
