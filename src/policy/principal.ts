import type { Entity, EntityName } from './cedarRequest.ts';

// IAM User Guide, "IAM identifiers"; names have the characters that IAM and STS accept.
export const NAME = '[A-Za-z0-9_+=,.@-]+';
export const ACCOUNT = '[0-9]{12}';
const PATH_AND_NAME = `(?<path>/|/[\\x21-\\x7e]+/)(?<name>${NAME})`;

const FORMS: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['User', arn('iam', `user${PATH_AND_NAME}`)],
  ['Role', arn('iam', `role${PATH_AND_NAME}`)],
  ['AssumedRole', arn('sts', `assumed-role/(?<name>${NAME})/(?<session>${NAME})`)],
  ['FederatedUser', arn('sts', `federated-user/(?<name>${NAME})`)],
  ['AccountRoot', arn('iam', 'root')],
  ['Service', /^(?<name>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\.amazonaws\.com(?:\.cn)?$/],
  ['AwsInternal', /^AWS Internal$/],
];

/** Forms of the names of principals, by type. */
export const PRINCIPAL_FORMS: Readonly<Record<string, string>> = {
  User: 'arn:aws:iam::<account>:user<path><name>, where the path is / at least',
  Role: 'arn:aws:iam::<account>:role<path><name>, where the path is / at least',
  AssumedRole:
    'arn:aws:sts::<account>:assumed-role/<name>/<session>; for all sessions, write principal in RoleName::"<account>/<name>"',
  FederatedUser: 'arn:aws:sts::<account>:federated-user/<name>',
  AccountRoot: 'arn:aws:iam::<account>:root; for all of an account, write principal in Account::"<account>"',
  Service: '<name>.amazonaws.com',
  AwsInternal: 'AWS Internal',
  OtherPrincipal: 'an ARN or name in none of the other forms',
};

/** Returns the principal with this `awsPrincipalArn`. A text of no known form is an OtherPrincipal, and in no account. */
export function principalOf(awsPrincipalArn: string): Entity {
  const [type, match] = firstMatch(awsPrincipalArn);
  const attributes = { arn: awsPrincipalArn, ...match?.groups };
  return { type, id: awsPrincipalArn, attributes, parents: parentsOf(type, match?.groups ?? {}) };
}

function firstMatch(text: string): [type: string, match?: RegExpExecArray] {
  for (const [type, pattern] of FORMS) {
    const match = pattern.exec(text);
    if (match) return [type, match];
  }
  return ['OtherPrincipal'];
}

function parentsOf(type: string, { account, name }: { account?: string; name?: string }): EntityName[] {
  if (account === undefined) return [];
  const parents = [{ type: 'Account', id: account }];
  const isRole = type === 'Role' || type === 'AssumedRole';
  return isRole && name !== undefined ? [...parents, { type: 'RoleName', id: `${account}/${name}` }] : parents;
}

function arn(service: string, resource: string): RegExp {
  return new RegExp(`^arn:(?<partition>aws[a-z-]*):${service}::(?<account>${ACCOUNT}):${resource}$`);
}
