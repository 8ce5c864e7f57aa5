import { conditionsHold, variableOf, type ConditionContext } from './conditions.ts';
import { readPattern, type PatternRules } from './pattern.ts';
import type { Elements, Policy, Statement } from './policy.ts';
import { canonicalPrincipal, parsePrincipalArn, type CallerPrincipals } from './principals.ts';

/** A request to be decided on. */
export interface Access {
  /** `kms:` and an operation. */
  readonly action: string;
  /** ARN of a key or an alias; for an operation without resource, that of all resources of the account. */
  readonly resource: string;
  readonly accountId: string;
  readonly caller: CallerPrincipals;
  readonly identityPolicies: readonly Policy[];
  /** Key policy of the key; undefined if the resource is no key. */
  readonly keyPolicy: Policy | undefined;
  /** Condition keys of identity policies, and those of them that key policies may use. */
  readonly context: ConditionContext;
  readonly keyPolicyContext: ConditionContext;
  /** Whom a grant allows the request, asked only if no policy decides. */
  readonly grantee: () => PrincipalMatch | undefined;
}

/** `policy` denies explicitly, or allows too little. */
export type Decision = 'allowed' | { readonly policy: 'identity-based' | 'resource-based'; readonly explicit: boolean };

/**
 * Decides in AWS's order:
 *
 * 1. A statement that denies, in the key policy or in an identity policy, ends it.
 * 2. The key policy allows a caller that it names.
 * 3. A key policy that names the caller's account lets the caller's identity policies allow. A caller of another account needs
 *    both in any case; an operation without a key needs identity policies alone.
 * 4. A grant allows its grantee; if that is the caller's account, identity policies must allow too.
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

/** Statements of a policy whose elements, other than the principal, apply to the request. */
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

/** Whether a principal is the caller, or the account whose identity policies then decide. */
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
