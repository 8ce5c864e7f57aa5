/** Names of a caller in policies and grants. IAM User Guide, "AWS JSON policy elements: Principal". */
export interface CallerPrincipals {
  /** The ARN, or the name of a service such as `s3.amazonaws.com`. */
  readonly arn: string;
  /** Undefined for a service. */
  readonly accountId: string | undefined;
  readonly kind: string;
  /** Names of this caller, in the form of `canonicalPrincipal`: its ARN and, for a session, the ARN of its role. */
  readonly names: readonly string[];
  /** Whether the caller is the root user of its account. */
  readonly isRoot: boolean;
}

const ARN =
  /^(?<partition>arn:aws[a-z-]*):(?<service>iam|sts)::(?<accountId>\d{12}):(?:root|(?<kind>user|role|assumed-role|federated-user)\/(?<path>[\w+=,.@/-]+))$/;
const KINDS: Readonly<Record<string, readonly string[]>> = {
  iam: ['user', 'role'],
  sts: ['assumed-role', 'federated-user'],
};
const SERVICE = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/;

interface PrincipalArn {
  readonly partition: string;
  readonly accountId: string;
  /** `root`, `user`, `role`, `assumed-role` or `federated-user`. */
  readonly kind: string;
  /** Path and name. For a session, the names of role and session. Empty for root. */
  readonly path: string;
}

/** Splits the ARN of an account, user, role or session. Returns undefined for any other text. */
export function parsePrincipalArn(text: string): PrincipalArn | undefined {
  const groups = ARN.exec(text)?.groups;
  if (!groups) return undefined;
  const { partition = '', service = '', accountId = '', kind = 'root', path = '' } = groups;
  if (kind === 'root') return service === 'iam' ? { partition, accountId, kind, path } : undefined;
  const names = path.split('/');
  if (KINDS[service]?.includes(kind) !== true || names.includes('')) return undefined;
  return kind === 'assumed-role' && names.length !== 2 ? undefined : { partition, accountId, kind, path };
}

export function isServicePrincipal(text: string): boolean {
  return SERVICE.test(text);
}

/**
 * Returns the only spelling used for comparing a principal. An account id becomes the account's ARN. A role's ARN loses its path, because
 * the ARNs of its sessions have none.
 */
export function canonicalPrincipal(text: string): string {
  if (/^\d{12}$/.test(text)) return accountPrincipal(text);
  const { partition, accountId, kind, path } = parsePrincipalArn(text) ?? {};
  return kind === 'role' ? `${partition}:iam::${accountId}:role/${lastOf(path)}` : text;
}

/** Returns the ARN that stands for an account and for its root user. */
export function accountPrincipal(accountId: string): string {
  return `arn:aws:iam::${accountId}:root`;
}

/** Returns the names of a caller. If the ARN is not a principal's, as a configuration may have it, the caller belongs to no account. */
export function principalsOf(arn: string): CallerPrincipals {
  const { partition = '', accountId, kind = 'service', path = '' } = parsePrincipalArn(arn) ?? {};
  const names = [canonicalPrincipal(arn)];
  if (kind === 'assumed-role') names.push(`${partition}:iam::${accountId}:role/${path.split('/', 1).join('')}`);
  return { arn, accountId, kind, names, isRoot: kind === 'root' };
}

function lastOf(path = ''): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
