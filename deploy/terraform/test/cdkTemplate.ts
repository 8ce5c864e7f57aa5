import { synthesize } from '../../aws/test/synthesize.ts';
import { onlyOf } from './examplePlan.ts';

/** The address in the rule with which the CDK replaces EC2's default rule, which permits everything. */
const NOWHERE = '255.255.255.255/32';

interface CdkResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Resources of the CDK app, with every optional part that the examples use. */
export const cdkResources = Object.values(
  synthesize({
    transitGatewayId: 'tgw-0123456789abcdef0',
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    hostedZoneName: 'example.com',
    alarmEmail: 'operators@example.com',
    customKeyStoreId: 'cks-1234567890abcdef0',
  }).toJSON()['Resources'] as Readonly<Record<string, CdkResource>>,
);

/** Properties of all resources of this type in the CDK app. */
export function allOfCdk(type: string): CdkResource['Properties'][] {
  return cdkResources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
}

/** Properties of the only resource of this type in the CDK app. */
export function onlyOfCdk(type: string): CdkResource['Properties'] {
  return onlyOf(allOfCdk(type));
}

/** A value of the template, resolved for us-east-1. */
export function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) return join[1].map(resolved).join(join[0]);
  const known: Readonly<Record<string, string>> = {
    'AWS::AccountId': '111122223333',
    'AWS::Region': 'us-east-1',
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  if (Ref !== undefined) return known[Ref] ?? Ref;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, resolved(child)]));
}

/** CloudFormation's names for the ECS API, converted to the API's own spelling. */
export function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key.charAt(0).toLowerCase() + key.slice(1), camelCase(child)]),
  );
}

/** Containers with sorted secrets, and without the configuration and the log group's name, which differ. */
export function withoutTexts(containers: unknown): unknown {
  return JSON.parse(JSON.stringify(containers), (key, value: unknown) => {
    if (key === 'environment') return (value as readonly { readonly name: string }[]).map(({ name }) => name);
    if (key === 'secrets')
      return [...(value as readonly { readonly name: string }[])].sort((a, b) => a.name.localeCompare(b.name));
    return key === 'awslogs-group' ? undefined : value;
  });
}

/** Outbound rules of all security groups, as `<protocol> <from> <to> <address>`. */
export function outboundRules(): string[] {
  const inline = allOfCdk('AWS::EC2::SecurityGroup').flatMap(
    ({ SecurityGroupEgress = [] }) => SecurityGroupEgress as readonly Readonly<Record<string, unknown>>[],
  );
  return [...inline, ...allOfCdk('AWS::EC2::SecurityGroupEgress')]
    .filter(({ CidrIp }) => CidrIp !== NOWHERE)
    .map(({ IpProtocol, FromPort, ToPort, CidrIp = null }) => [IpProtocol, FromPort, ToPort, CidrIp].join(' '));
}

/** All pairs of an action and a resource in a policy. */
export function permissions(policy: unknown): string[] {
  const { Statement } = policy as { Statement: readonly { Action: string | string[]; Resource: string | string[] }[] };
  return Statement.flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${JSON.stringify(resource)}`)),
  ).map((permission) => permission.replaceAll('"', ''));
}
