import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicySet } from '../../../src/policy/policySet.ts';
import { atOnce } from '../../../src/timing/steps.ts';

const ROLE = 'arn:aws:iam::111122223333:role/x';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/x/session';

function warningsOf(policy: string): readonly string[] {
  return atOnce(loadPolicySet(`@id("p")\n${policy}`, 'p.cedar')).remarks.warnings;
}

const principal = (name: string) => `permit (principal == ${name}, action, resource);`;
const when = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;

describe('a warning names an impossible principal:', () => {
  it.each<[string, string]>([
    [`User::"${ROLE}"`, `the name is of another kind; write Role::"${ROLE}"`],
    [`Role::"${SESSION}"`, `the name is of another kind; write AssumedRole::"${SESSION}"`],
    [`AssumedRole::"${ROLE}"`, `write Role::"${ROLE}"`],
    [`Role::"arn:aws:iam::111122223333:user/x"`, 'write User::"arn:aws:iam::111122223333:user/x"'],
    [`OtherPrincipal::"${ROLE}"`, `write Role::"${ROLE}"`],
    ['User::"arn:aws:iam::111122223333:root"', 'write AccountRoot::"arn:aws:iam::111122223333:root"'],
    ['Role::"rds.amazonaws.com"', 'write Service::"rds.amazonaws.com"'],
    ['Service::"rds"', 'the name in Service::"..." is <name>.amazonaws.com'],
    ['AwsInternal::"aws"', 'is AWS Internal'],
    ['User::"Alice"', 'the name in User::"..." is arn:aws:iam::<account>:user<path><name>'],
    ['Role::"arn:aws:iam::1111:role/x"', 'the name in Role::"..." is arn:'],
    ['AssumedRole::"arn:aws:sts::111122223333:assumed-role/x"', 'write principal in RoleName::"<account>/<name>"'],
    ['AccountRoot::"111122223333"', 'write principal in Account::"<account>"'],
    ['Role::"arn:aws:iam::111122223333:role/*"', '* is not a wildcard in a name; compare principal.arn with like'],
    ['Role::"arn:aws:iam::111122223333:role/*/x"', '* is not a wildcard in a name'],
  ])('%s', (name, message) => {
    const told = expect.stringContaining(message) as string;
    expect(warningsOf(principal(name))).toEqual([told]);
    expect(warningsOf(principal(name).replace('==', 'in'))).toEqual([told]);
    expect(warningsOf(when(`principal == ${name}`))).toEqual([told]);
    expect(warningsOf(`permit (principal, action, resource) unless { principal in [${name}] };`)).toEqual([told]);
    expect(warningsOf(principal(name))[0]).toMatch(/^in "p": \w+::".*" is never met: /);
  });

  it.each<[string, string]>([
    ['Account::"arn:aws:iam::111122223333:root"', 'the name in Account::"..." is 12 digits'],
    ['Account::"1111-2222-3333"', 'the name in Account::"..." is 12 digits'],
    ['RoleName::"Payments"', 'the name in RoleName::"..." is <account>/'],
    [`RoleName::"${ROLE}"`, 'the name in RoleName::"..." is <account>/'],
    ['RoleName::"111122223333/a/b"', 'the name in RoleName::"..." is <account>/'],
  ])('%s', (name, message) => {
    expect(warningsOf(`permit (principal in ${name}, action, resource);`)).toEqual([expect.stringMatching(message)]);
    expect(warningsOf(`permit (principal is Role in ${name}, action, resource);`)).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it.each(['resource == ExternalKey::"foo"', 'resource in KeyStore::"a/b"', 'resource is ExternalKey in KeyStore::""'])(
    '%s',
    (resource) => {
      expect(warningsOf(`permit (principal, action, ${resource});`)).toEqual([
        expect.stringMatching(/ is never met: /),
      ]);
    },
  );
});

it.each([
  'principal has account && principal.account == "1111"',
  'principal has account && "1111" == principal.account',
  'principal has account && principal.account != "1111"',
  'principal has account && ["1111"].contains(principal.account)',
  'principal has account && principal.account like "1111"',
  'principal is Role && principal.path == "payments"',
  'principal is Role && principal.name == "payments/x"',
  `principal.arn == "arn:aws:iam::111122223333:role/*"`,
  `principal is User && principal.arn == "${ROLE}"`,
  `principal.arn == "${ROLE}" && principal is AssumedRole`,
  'context.kmsOperation == "encrypt"',
  'context has kmsKeyAccount && context.kmsKeyAccount == "abc"',
  'context has vpcEndpointId && context.vpcEndpointId == "vpc-0123"',
  'context has awsSourceVpc && context.awsSourceVpc == "vpce-0123"',
  'resource.id == "a/b"',
  'context has kmsViaService && context.kmsViaService == "ec2.*.amazonaws.com"',
])('gives a warning about an impossible value: %s', (condition) => {
  expect(warningsOf(when(condition))).toEqual([
    expect.stringMatching(/^in "p": (principal|context|resource)\.\w+ is never "/),
  ]);
});

describe('a warning says that a role has no members:', () => {
  const told = `in Role::"${ROLE}" is true only of the role itself; for its sessions too, write in RoleName::"111122223333/x"`;

  it.each([
    `permit (principal in Role::"${ROLE}", action, resource);`,
    when(`principal in Role::"${ROLE}"`),
    when(`principal in [Role::"${ROLE}"]`),
    `forbid (principal, action, resource) unless { principal in Role::"${ROLE}" };`,
  ])('%s', (policy) => {
    expect(warningsOf(policy).filter((text) => !text.startsWith('there is no permit'))).toEqual([`in "p": ${told}`]);
  });
});

it('gives a warning if no policy permits anything', () => {
  expect(warningsOf('forbid (principal, action, resource);')).toEqual([
    'there is no permit, so every request is denied',
  ]);
});

it('compares the kind that the head requires', () => {
  expect(warningsOf(`permit (principal is User, action, resource) when { principal.arn == "${ROLE}" };`)).toEqual([
    `in "p": principal.arn is never "${ROLE}" here: this is a Role, not a User`,
  ]);
});

it.each([
  principal('User::"arn:aws:iam::111122223333:user/a/b/Alice"'),
  principal(`Role::"${ROLE}"`),
  principal(`AssumedRole::"${SESSION}"`),
  principal('FederatedUser::"arn:aws:sts::111122223333:federated-user/x"'),
  principal('AccountRoot::"arn:aws-cn:iam::111122223333:root"'),
  principal('Service::"ec2.amazonaws.com"'),
  principal('AwsInternal::"AWS Internal"'),
  principal('OtherPrincipal::"something"'),
  `permit (principal is Role in RoleName::"111122223333/x", action, resource in KeyStore::"a");`,
  when(`principal.arn like "arn:aws:iam::*:role/*" && principal is Role && principal.arn == "${ROLE}"`),
  when('context.kmsOperation == "GenerateDataKeyWithoutPlaintext"'),
  when('resource.hasTag("contains") && resource.getTag("contains") == "*"'),
  // Attributes of a record may have the names of operators.
  when('{ entity: principal.arn, "==": 1, "in": 2, getTag: principal }.entity == "x"'),
  when('{ "__entity": 1 } == { "__entity": 2 }'),
])('gives no warning about a possible value: %s', (policy) => {
  expect(warningsOf(policy)).toEqual([]);
});

const EXAMPLES = join(import.meta.dirname, '../../../config/policies');

it.each(globSync('*.cedar', { cwd: EXAMPLES }))('gives no warning about %s', (file) => {
  const text = readFileSync(join(EXAMPLES, file), 'utf8');
  expect(atOnce(loadPolicySet(text, file)).remarks.warnings).toEqual([]);
});
