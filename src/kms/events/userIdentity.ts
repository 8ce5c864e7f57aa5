import { createHash } from 'node:crypto';
import type { Caller } from '../caller.ts';

/** The caller that signed a call. */
export interface AuthenticatedCaller {
  readonly principal: Caller;
  readonly accessKeyId: string;
}

type UserIdentity = Readonly<Record<string, unknown>>;

const ARN =
  /^arn:[a-z-]+:(?:iam|sts)::(?<accountId>\d{12}):(?<kind>root|user|role|assumed-role|federated-user)(?:\/(?<path>.+))?$/;
const TYPES: Readonly<Record<string, string>> = {
  root: 'Root',
  user: 'IAMUser',
  role: 'Role',
  'assumed-role': 'AssumedRole',
  'federated-user': 'FederatedUser',
};

/**
 * Returns CloudTrail's userIdentity of a caller. `invokedBy` is the service that calls on the caller's behalf, such as `s3.amazonaws.com`.
 * AWS CloudTrail User Guide, "CloudTrail userIdentity element".
 */
export function callerIdentity({ principal, accessKeyId }: AuthenticatedCaller, invokedBy?: string): UserIdentity {
  const { awsPrincipalArn: arn } = principal;
  const via = invokedBy !== undefined && { invokedBy };
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(arn)) return { type: 'AWSService', invokedBy: arn };
  const { accountId = '', kind = '', path = '' } = ARN.exec(arn)?.groups ?? {};
  const type = TYPES[kind];
  if (type === undefined) return { type: 'Unknown', principalId: arn, arn, accessKeyId, ...via };
  const identity = { type, principalId: principalIdOf(kind, accountId, path), arn, accountId, accessKeyId };
  if (kind === 'user' || kind === 'role') return { ...identity, userName: lastOf(path), ...via };
  if (kind !== 'assumed-role') return { ...identity, ...via };
  return { ...identity, sessionContext: { sessionIssuer: sessionIssuerOf(arn, accountId, path) }, ...via };
}

function sessionIssuerOf(arn: string, accountId: string, path: string): UserIdentity {
  const [partition] = /^arn:[a-z-]+/.exec(arn) ?? [''];
  const [userName = ''] = path.split('/');
  return {
    type: 'Role',
    principalId: uniqueId('AROA', accountId, userName),
    arn: `${partition}:iam::${accountId}:role/${userName}`,
    accountId,
    userName,
  };
}

function principalIdOf(kind: string, accountId: string, path: string): string {
  const [first = ''] = path.split('/');
  switch (kind) {
    case 'user':
      return uniqueId('AIDA', accountId, lastOf(path));
    case 'role':
      return uniqueId('AROA', accountId, lastOf(path));
    case 'assumed-role':
      return `${uniqueId('AROA', accountId, first)}:${lastOf(path)}`;
    case 'federated-user':
      return `${accountId}:${path}`;
    default:
      return accountId;
  }
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Returns an id like IAM's: a prefix and 17 letters and digits. The same name always gives the same id. */
function uniqueId(prefix: string, accountId: string, name: string): string {
  const digits = createHash('sha256').update(`${prefix}/${accountId}/${name}`).digest('hex');
  return prefix + BigInt(`0x${digits}`).toString(36).toUpperCase().slice(0, 17);
}
