import { aliasArn, keyArn } from '../arn.ts';
import type { Caller } from '../caller.ts';
import type { LocalKms } from '../localKms.ts';
import type { Grant } from '../state/grantRecord.ts';
import type { KmsKey } from '../state/records.ts';
import { accessDenied } from './accessDenied.ts';
import { decide, type Decision, type PrincipalMatch } from './decide.ts';
import { grantAllows } from './grantRights.ts';
import { keyFactsOf, newKeyFacts, type KeyFacts, type NewKeyMembers } from './keyFacts.ts';
import { CROSS_ACCOUNT, WITHOUT_KEY } from './permissions.ts';
import { allowing, type Policy } from './policy.ts';
import { readKeyPolicy } from './policySchema.ts';
import { accountPrincipal, principalsOf, type CallerPrincipals } from './principals.ts';
import { keyPolicyContext, requestContext, type RequestMembers } from './requestContext.ts';

type Kms = Pick<LocalKms, 'identity' | 'state' | 'clock' | 'evaluatePolicies'>;

/** A call to be authorized. */
export interface AccessedCall {
  readonly operation: string;
  readonly caller: Caller;
  readonly sourceIpAddress: string;
  /** The validated input, with defaults applied. */
  readonly input: unknown;
}

/** One permission that a call needs. */
interface Wanted {
  /** The name of an operation, or one of the two permissions of ReEncrypt. */
  readonly permission: string;
  readonly resource: string;
  /** The resource as the exception shows it, if that differs from `resource`. */
  readonly shownResource?: string | undefined;
  readonly key?: KeyFacts | undefined;
  readonly keyPolicy?: Policy | undefined;
  readonly identityPolicies?: readonly Policy[];
  /** Account of the resource, if it is not that of the local KMS. */
  readonly accountId?: string | undefined;
  /** Members that conditions can refer to, if they are not those of the input. */
  readonly members?: RequestMembers;
  readonly grantee?: () => PrincipalMatch | undefined;
}

/**
 * Decides by policies and grants whether a call is allowed. Each `require` method throws AccessDeniedException if not. It does nothing if
 * the local KMS does not evaluate policies.
 */
export class RequestAccess {
  readonly #kms: Kms;
  readonly #call: AccessedCall;
  readonly #caller: CallerPrincipals;

  constructor(kms: Kms, call: AccessedCall) {
    this.#kms = kms;
    this.#call = call;
    this.#caller = principalsOf(call.caller.awsPrincipalArn);
  }

  /** Checks an operation that acts on no existing key. Other operations check access when they have found their key. */
  requireOperation(): void {
    const { operation: permission, input } = this.#call;
    if (!WITHOUT_KEY.has(permission)) return;
    const resource = allResources(this.#kms);
    if (permission !== 'CreateKey') {
      this.#require({ permission, resource, shownResource: '*' });
      return;
    }
    const members = input as NewKeyMembers;
    const wanted = { resource, shownResource: undefined, key: newKeyFacts(members) };
    this.#require({ permission, ...wanted });
    if (members.Tags.length > 0) this.#require({ permission: 'TagResource', ...wanted });
  }

  /** Returns the same call with another permission and other members. ReEncrypt needs two permissions. */
  as(operation: string, input: RequestMembers): RequestAccess {
    return new RequestAccess(this.#kms, { ...this.#call, operation, input });
  }

  requireKey(key: KmsKey): void {
    const { identity, state } = this.#kms;
    const { operation: permission } = this.#call;
    const { accountId } = this.#caller;
    const isUsable = accountId === undefined || accountId === identity.accountId || CROSS_ACCOUNT.has(permission);
    this.#require({
      permission,
      resource: keyArn(identity, key.keyId),
      key: keyFactsOf(state, key),
      keyPolicy: isUsable ? readKeyPolicy(key.policy) : allowing([]),
      grantee: () => this.#granteeOf(key.keyId),
    });
  }

  /** Checks access to the alias itself, which is needed in addition to its key. Only identity policies can allow it. */
  requireAlias(aliasName: string): void {
    const resource = aliasArn(this.#kms.identity, aliasName);
    this.#require({ permission: this.#call.operation, resource, members: {} });
  }

  /**
   * Checks RetireGrant. The grant decides like a key policy that names the principals that may retire it. AWS KMS Developer Guide,
   * "Retiring and revoking grants".
   */
  requireRetiring(grant: Grant, key: KmsKey): void {
    const { granteePrincipal, retiringPrincipal, operations, issuingAccount } = grant;
    const principals = [issuingAccount];
    if (retiringPrincipal !== undefined) principals.push(retiringPrincipal);
    if (operations.includes('RetireGrant')) principals.push(granteePrincipal);
    this.#require({
      permission: 'RetireGrant',
      resource: keyArn(this.#kms.identity, key.keyId),
      key: keyFactsOf(this.#kms.state, key),
      keyPolicy: allowing(principals),
      accountId: this.#caller.accountId,
    });
  }

  /** Whether a new policy of a key would let the caller change it again if the caller's identity policies allowed everything. */
  canUpdate(keyPolicy: Policy, keyId: string, key: KeyFacts): boolean {
    const resource = keyArn(this.#kms.identity, keyId);
    const wanted = { permission: 'PutKeyPolicy', resource, key, keyPolicy, identityPolicies: [allowing(['*'])] };
    return this.#decide(wanted) === 'allowed';
  }

  #require(wanted: Wanted): void {
    if (!this.#kms.evaluatePolicies) return;
    const decision = this.#decide(wanted);
    if (decision === 'allowed') return;
    const resource = 'shownResource' in wanted ? wanted.shownResource : wanted.resource;
    throw accessDenied(this.#caller.arn, `kms:${wanted.permission}`, resource, decision);
  }

  #decide({ permission, resource, key, keyPolicy, members, grantee, ...wanted }: Wanted): Decision {
    const { identity, clock } = this.#kms;
    const { caller, sourceIpAddress, input } = this.#call;
    const { accountId = identity.accountId, identityPolicies = caller.identityPolicies ?? [] } = wanted;
    const action = `kms:${permission}`;
    const asked = { action, caller, sourceIpAddress, input: members ?? (input as RequestMembers), key };
    const context = requestContext(identity, asked, clock());
    return decide({
      action,
      resource,
      accountId,
      caller: this.#caller,
      identityPolicies,
      keyPolicy,
      context,
      keyPolicyContext: keyPolicyContext(context),
      grantee: grantee ?? (() => undefined),
    });
  }

  #granteeOf(keyId: string): PrincipalMatch | undefined {
    const { names, accountId } = this.#caller;
    const { operation, input } = this.#call;
    const account = accountId === undefined ? [] : [accountPrincipal(accountId)];
    const { EncryptionContext: encryptionContext = {}, Operations, Constraints = {} } = input as RequestMembers;
    const child = operation === 'CreateGrant' ? { operations: Operations ?? [], constraints: Constraints } : undefined;
    let match: PrincipalMatch | undefined;
    for (const grant of this.#kms.state.grants.allowing(keyId, [...names, ...account], operation)) {
      if (!grantAllows(grant, { operation, encryptionContext, child })) continue;
      if (names.includes(grant.granteeName)) return 'named';
      match = 'account';
    }
    return match;
  }
}

/** Returns the resource to compare for an operation that has none, so that `*` and `arn:aws:kms:us-east-1:111122223333:*` match. */
function allResources({ identity: { region, accountId } }: Kms): string {
  return `arn:aws:kms:${region}:${accountId}:*`;
}
