import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/problems/problem.ts';
import { readConfig } from '../../../src/kms/readConfig.ts';

const IDENTITY = { region: 'eu-west-1', accountId: '111122223333' };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xks-kms-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(text: string) {
  const file = join(folder, 'kms.yaml');
  writeFileSync(file, text);
  return readConfig(file, IDENTITY);
}

it('reads callers, and services with the requirements of AWS KMS as defaults', () => {
  const { callers, vpcEndpointServices } = read(`
callers:
  AKIAALICE: arn:aws:iam::111122223333:user/Alice
  AKIAS3: { awsPrincipalArn: s3.amazonaws.com, kmsViaService: s3, awsSourceVpce: vpce-1 }
vpcEndpointServices:
  - { serviceName: com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0, privateDnsName: xks.example.com }
`);
  expect([...callers]).toEqual([
    ['AKIAALICE', { awsPrincipalArn: 'arn:aws:iam::111122223333:user/Alice' }],
    ['AKIAS3', { awsPrincipalArn: 's3.amazonaws.com', kmsViaService: 's3', awsSourceVpce: 'vpce-1' }],
  ]);
  expect(vpcEndpointServices).toEqual([
    {
      serviceName: 'com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0',
      owner: '111122223333',
      serviceType: 'Interface',
      availabilityZones: ['eu-west-1a', 'eu-west-1b'],
      acceptanceRequired: false,
      allowedPrincipals: ['cks.kms.eu-west-1.amazonaws.com'],
      privateDnsName: 'xks.example.com',
      privateDnsNameVerificationState: 'verified',
    },
  ]);
});

it('reads the policies of callers', () => {
  const { callers } = read(`
callers:
  ALICE:
    awsPrincipalArn: arn:aws:iam::111122223333:user/Alice
    policies:
      - Version: 2012-10-17
        Statement: { Effect: Allow, Action: kms:*, Resource: "*" }
      - { "Statement": [{ "Effect": "Deny", "Action": ["kms:Decrypt"], "Resource": ["*"], "Condition": { "Bool": { "a:b": true } } }] }
`);
  expect(callers.get('ALICE')?.identityPolicies).toMatchObject([
    { variables: true, statements: [{ effect: 'Allow', actions: { values: ['kms:*'] } }] },
    {
      variables: false,
      statements: [{ effect: 'Deny', conditions: [{ operator: 'Bool', key: 'a:b', values: ['true'] }] }],
    },
  ]);
});

it('reports all problems of policies at once', () => {
  const text = `
callers:
  ALICE: { awsPrincipalArn: s3.amazonaws.com, policies: [{}, { Statement: [] }, 5] }
  BOB:
    awsPrincipalArn: arn:aws:iam::111122223333:user/Bob
    policies:
      - Statement:
          - { Effect: Allow, Action: kms:*, Resource: "*", Principal: "*" }
          - { Effect: allow, Action: [kms:*, decrypt], Resource: [] }
          - { Effect: Allow, Resource: "*" }
          - { Effect: Allow, Action: kms:*, Resource: "*", Condition: { StringIs: { a: b }, IpAddress: { c: d } } }
`;
  expect(() => read(text)).toThrow(
    [
      `${join(folder, 'kms.yaml')} has 10 problems:`,
      '  callers.ALICE.policies[0].Statement (line 3): is missing; it must be a list',
      '  callers.ALICE.policies[1].Statement (line 3): must have statements (given: a list)',
      '  callers.ALICE.policies[2] (line 3): must be an object with Version and Statement (given: 5)',
      '  callers.BOB.policies[0].Statement[0] (line 8, column 60): has an unknown key "Principal"',
      '  callers.BOB.policies[0].Statement[1].Effect (line 9): must be Allow or Deny (given: "allow")',
      '  callers.BOB.policies[0].Statement[1].Action[1] (line 9): must be an action such as kms:Decrypt (given: "decrypt")',
      '  callers.BOB.policies[0].Statement[1].Resource (line 9): must list resources (given: a list)',
      '  callers.BOB.policies[0].Statement[2].Action (line 10): must list actions',
      '  callers.BOB.policies[0].Statement[3].Condition.StringIs (line 11): is not a condition operator (given: a map)',
      '  callers.BOB.policies[0].Statement[3].Condition.IpAddress.c (line 11): must be an IP address, or a block such as 10.0.0.0/8 (given: "d")',
    ].join('\n'),
  );
});

it('an empty or missing file gives only two private subnets in two zones', () => {
  const subnet = { vpcId: 'vpc-0123456789abcdef0', availableIpAddressCount: 251 };
  const expected = {
    callers: new Map(),
    vpcEndpointServices: [],
    securityGroups: [],
    subnets: [
      { ...subnet, subnetId: 'subnet-0123456789abcdef0', availabilityZone: 'eu-west-1a', cidrBlock: '10.0.1.0/24' },
      { ...subnet, subnetId: 'subnet-0123456789abcdef1', availabilityZone: 'eu-west-1b', cidrBlock: '10.0.2.0/24' },
    ],
  };
  expect(read('')).toEqual(expected);
  expect(readConfig(undefined, IDENTITY)).toEqual(expected);
});

it('reads security groups, whose rules are open by default', () => {
  const open = [{ ipProtocol: '-1', fromPort: -1, toPort: -1 }];
  expect(
    read('securityGroups: [{ groupId: sg-00000001, ipPermissions: [{ ipProtocol: tcp, fromPort: 22, toPort: 22 }] }]'),
  ).toMatchObject({
    securityGroups: [
      {
        groupId: 'sg-00000001',
        ipPermissions: [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22 }],
        ipPermissionsEgress: open,
      },
    ],
  });
});

it('reads subnets, whose free addresses are at most those of the block', () => {
  const { subnets } = read(`
subnets:
  - { subnetId: subnet-00000001, availabilityZone: eu-west-1c, cidrBlock: 10.1.0.0/28 }
  - { subnetId: subnet-00000002, availabilityZone: eu-west-1c, cidrBlock: 10.1.0.0/28, availableIpAddressCount: 0 }
  - { subnetId: subnet-00000003, vpcId: vpc-00000003, availabilityZone: eu-west-1c, cidrBlock: 10.1.0.0/28, availableIpAddressCount: 99 }
`);
  expect(subnets.map(({ vpcId, availableIpAddressCount }) => [vpcId, availableIpAddressCount])).toEqual([
    ['vpc-0123456789abcdef0', 11],
    ['vpc-0123456789abcdef0', 0],
    ['vpc-00000003', 11],
  ]);
});

it.each([
  'arn:aws:iam::111122223333:root',
  'arn:aws-cn:iam::111122223333:user/a/b/Alice',
  'arn:aws:sts::111122223333:assumed-role/App/session@example.com',
  'arn:aws:sts::111122223333:federated-user/Bob',
  'ec2.amazonaws.com',
  'AWS Internal',
])('accepts a caller of each kind: %s', (awsPrincipalArn) => {
  expect(read(`callers: { A: "${awsPrincipalArn}" }`).callers.get('A')).toEqual({ awsPrincipalArn });
});

it('reports all problems at once, with their places', () => {
  const text = `
caller: {}
callers:
  AKIAALICE: { awsPrincipalArn: s3.amazonaws.com, kmsViaSrvice: s3 }
vpcEndpointServices:
  - { serviceName: my-service, owner: 111122223333 }
`;
  expect(() => read(text)).toThrow(ConfigError);
  expect(() => read(text)).toThrow(
    [
      `${join(folder, 'kms.yaml')} has 4 problems:`,
      '  callers.AKIAALICE (line 4, column 51): has an unknown key "kmsViaSrvice"; did you mean kmsViaService?',
      '  vpcEndpointServices[0].serviceName (line 6): must be like com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0 (given: "my-service")',
      '  vpcEndpointServices[0].owner (line 6): must be an account id in quotes (given: 111122223333)',
      '  line 2, column 1: has an unknown key "caller"; did you mean callers?',
    ].join('\n'),
  );
});

it.each([
  ['a: [', /line 1: Flow sequence in block collection must be .*/],
  [
    'callers: { A: Alice }',
    /callers\.A\.awsPrincipalArn \(line 1\): must be like arn:aws:iam::111122223333:user\/Alice, the name of a service, or AWS Internal/,
  ],
  ['callers: { A: 5 }', /callers\.A \(line 1\): must be the ARN of a principal, or a mapping with an awsPrincipalArn/],
  [
    'subnets: [{ subnetId: subnet-1, vpcId: vpc-x, availabilityZone: zone, cidrBlock: 10.0.0.0/8 }]',
    /subnets\[0\]\.subnetId \(line 1\): must be like .*\n.*vpcId .*: must be like .*\n.*availabilityZone .*: must be like .*\n.*cidrBlock .*: must be an IPv4 block of \/16 to \/28/,
  ],
  [
    'subnets: [&a { subnetId: subnet-00000001, availabilityZone: eu-west-1a, cidrBlock: 10.0.0.0/24 }, *a]',
    /subnets \(line 1\): must have different subnetIds/,
  ],
  [
    'securityGroups: [{ groupId: sg-1 }, { groupId: sg-00000001, ipPermissions: [{ ipProtocol: http, fromPort: 1, toPort: 65536 }] }]',
    /securityGroups\[0\]\.groupId .*: must be like .*\n.*ipProtocol .*: .*\n.*toPort .*: /,
  ],
  [
    'securityGroups: [{ groupId: sg-00000001 }, { groupId: sg-00000001 }]',
    /securityGroups \(line 1\): must have different groupIds/,
  ],
  ['- a', /has a problem:\n {2}must be a map \(given: a list\)/],
])('refuses %j', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

it('a missing file is named', () => {
  const file = join(folder, 'none.yaml');
  expect(() => readConfig(file, IDENTITY)).toThrow(`${file} has a problem:\n  the file cannot be read (ENOENT)`);
});
