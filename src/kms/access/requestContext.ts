import type { Identity } from '../arn.ts';
import type { Caller } from '../caller.ts';
import type { ConditionContext } from './conditions.ts';
import type { KeyFacts } from './keyFacts.ts';
import { principalsOf } from './principals.ts';

/** A request, with the facts that its condition keys are made of. */
export interface AskedAccess {
  /** `kms:` followed by an operation. */
  readonly action: string;
  readonly caller: Caller;
  readonly sourceIpAddress: string;
  readonly input: RequestMembers;
  /** Facts of the key that the operation uses or, for CreateKey, creates. */
  readonly key: KeyFacts | undefined;
}

type Pairs = Readonly<Record<string, string>>;

/** Members of a request's input that conditions can refer to. An operation has only some of them. */
export interface RequestMembers {
  readonly KeyId?: string | undefined;
  readonly EncryptionContext?: Pairs | undefined;
  readonly EncryptionAlgorithm?: string | undefined;
  readonly Tags?: readonly { readonly TagKey: string; readonly TagValue: string }[] | undefined;
  readonly TagKeys?: readonly string[] | undefined;
  readonly GranteePrincipal?: string | undefined;
  readonly RetiringPrincipal?: string | undefined;
  readonly Operations?: readonly string[] | undefined;
  readonly Constraints?: { readonly [type: string]: Pairs | undefined } | undefined;
  readonly BypassPolicyLockoutSafetyCheck?: boolean | undefined;
}

type Values = string | readonly string[] | boolean | number | undefined;

/** Returns the condition keys of a request for identity policies. AWS KMS Developer Guide, "Condition keys for AWS KMS". */
export function requestContext(identity: Identity, asked: AskedAccess, now: number): ConditionContext {
  return contextOf({
    ...callerKeys(asked, identity, now),
    ...(asked.key && keyKeys(asked.key)),
    ...memberKeys(asked),
  });
}

/** Condition keys that key policies cannot use. AWS KMS Developer Guide, "ABAC for AWS KMS". */
const OF_IDENTITY_POLICIES = /^(aws:resourcetag\/|kms:resourcealiases$)/;

export function keyPolicyContext(context: ConditionContext): ConditionContext {
  return new Map([...context].filter(([key]) => !OF_IDENTITY_POLICIES.test(key)));
}

function callerKeys({ caller, sourceIpAddress }: AskedAccess, { region, accountId }: Identity, now: number) {
  const { awsPrincipalArn, awsSourceVpc, awsSourceVpce, kmsViaService } = caller;
  const { accountId: principalAccount, kind, names } = principalsOf(awsPrincipalArn);
  const isDirect = kmsViaService === undefined && awsSourceVpce === undefined && awsSourceVpc === undefined;
  return {
    // For a session, the ARN of its role.
    'aws:PrincipalArn': kind === 'service' ? undefined : names.at(-1),
    'aws:PrincipalAccount': principalAccount,
    'aws:PrincipalType': TYPES[kind],
    'aws:PrincipalIsAWSService': kind === 'service',
    'aws:PrincipalServiceName': kind === 'service' ? awsPrincipalArn : undefined,
    'aws:username': kind === 'user' ? awsPrincipalArn.slice(awsPrincipalArn.lastIndexOf('/') + 1) : undefined,
    'aws:SourceIp': isDirect ? sourceIpAddress : undefined,
    'aws:SourceVpc': awsSourceVpc,
    'aws:SourceVpce': awsSourceVpce,
    'aws:ViaAWSService': kmsViaService !== undefined,
    'aws:CalledVia': kmsViaService === undefined ? [] : [`${kmsViaService}.amazonaws.com`],
    'aws:RequestedRegion': region,
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': Math.floor(now / 1000),
    // True even without TLS here, because AWS's endpoints always use TLS.
    'aws:SecureTransport': true,
    'aws:ResourceAccount': accountId,
    'kms:CallerAccount': principalAccount,
    'kms:ViaService': kmsViaService === undefined ? undefined : `${kmsViaService}.${region}.amazonaws.com`,
  };
}

const TYPES: Readonly<Record<string, string>> = {
  root: 'Account',
  user: 'User',
  role: 'AssumedRole',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
};

function keyKeys(key: KeyFacts): Readonly<Record<string, Values>> {
  return {
    'kms:KeyOrigin': key.origin,
    'kms:KeySpec': key.keySpec,
    'kms:CustomerMasterKeySpec': key.keySpec,
    'kms:KeyUsage': key.keyUsage,
    'kms:CustomerMasterKeyUsage': key.keyUsage,
    'kms:MultiRegion': key.multiRegion,
    'kms:ResourceAliases': key.aliasNames,
    ...keysOf(
      'aws:ResourceTag/',
      key.tags.map((tag) => [tag.key, tag.value]),
    ),
  };
}

function memberKeys({ action, caller, input }: AskedAccess): Readonly<Record<string, Values>> {
  const { Tags = [], TagKeys, Constraints = {} } = input;
  const constraints = Object.entries(Constraints).flatMap(([type, pairs]) => (pairs ? [{ type, pairs }] : []));
  const encryptionContext =
    input.EncryptionContext ?? Object.fromEntries(constraints.flatMap(({ pairs }) => Object.entries(pairs)));
  return {
    'kms:RequestAlias': input.KeyId && aliasIn(input.KeyId),
    // Data keys are encrypted with no other algorithm.
    'kms:EncryptionAlgorithm': action.startsWith('kms:GenerateDataKey')
      ? 'SYMMETRIC_DEFAULT'
      : input.EncryptionAlgorithm,
    'kms:EncryptionContextKeys': Object.keys(encryptionContext),
    ...keysOf('kms:EncryptionContext:', Object.entries(encryptionContext)),
    'kms:GranteePrincipal': input.GranteePrincipal,
    'kms:RetiringPrincipal': input.RetiringPrincipal,
    'kms:GrantOperations': input.Operations,
    'kms:GrantConstraintType': constraints[0]?.type,
    'kms:GrantIsForAWSResource': GRANT_ACTIONS.has(action) ? caller.kmsViaService !== undefined : undefined,
    'kms:BypassPolicyLockoutSafetyCheck': input.BypassPolicyLockoutSafetyCheck,
    'aws:TagKeys': TagKeys ?? Tags.map(({ TagKey }) => TagKey),
    ...keysOf(
      'aws:RequestTag/',
      Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]),
    ),
  };
}

const GRANT_ACTIONS: ReadonlySet<string> = new Set(['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant']);

/** Returns the alias name if a KeyId is an alias name or an alias ARN. */
function aliasIn(keyId: string): string | undefined {
  return /(?:^|:)(alias\/.*)$/.exec(keyId)?.[1];
}

/** Returns condition keys that end with a key from the request or the resource, such as `aws:RequestTag/Project`. */
function keysOf(prefix: string, pairs: readonly (readonly [key: string, value: string])[]): Record<string, string> {
  return Object.fromEntries(pairs.map(([key, value]) => [`${prefix}${key}`, value]));
}

/** Builds the context. Keys that differ only in case become one key with all their values. */
function contextOf(keys: Readonly<Record<string, Values>>): ConditionContext {
  const context = new Map<string, string | readonly string[]>();
  for (const [spelling, value] of Object.entries(keys)) {
    if (value === undefined) continue;
    const key = spelling.toLowerCase();
    const earlier = context.get(key);
    const own = typeof value === 'object' ? value : String(value);
    context.set(key, earlier === undefined ? own : [earlier, own].flat());
  }
  return context;
}
