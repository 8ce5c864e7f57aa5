import { expect, it } from 'vitest';
import { principalOf } from '../../../src/policy/principal.ts';

const ACCOUNT = { type: 'Account', id: '123456789012' };
const of = { partition: 'aws', account: '123456789012' };

it.each([
  ['arn:aws:iam::123456789012:user/Alice', 'User', { ...of, path: '/', name: 'Alice' }, [ACCOUNT]],
  ['arn:aws:iam::123456789012:user/eu/hr/Alice', 'User', { ...of, path: '/eu/hr/', name: 'Alice' }, [ACCOUNT]],
  [
    'arn:aws-us-gov:iam::123456789012:role/ops/Payments',
    'Role',
    { ...of, partition: 'aws-us-gov', path: '/ops/', name: 'Payments' },
    [ACCOUNT, { type: 'RoleName', id: '123456789012/Payments' }],
  ],
  [
    'arn:aws:sts::123456789012:assumed-role/Payments/alice@example.com',
    'AssumedRole',
    { ...of, name: 'Payments', session: 'alice@example.com' },
    [ACCOUNT, { type: 'RoleName', id: '123456789012/Payments' }],
  ],
  ['arn:aws:sts::123456789012:federated-user/Bob', 'FederatedUser', { ...of, name: 'Bob' }, [ACCOUNT]],
  ['arn:aws-cn:iam::123456789012:root', 'AccountRoot', { ...of, partition: 'aws-cn' }, [ACCOUNT]],
  ['ec2.amazonaws.com', 'Service', { name: 'ec2' }, []],
  ['logs.us-east-1.amazonaws.com', 'Service', { name: 'logs.us-east-1' }, []],
  ['elasticmapreduce.amazonaws.com.cn', 'Service', { name: 'elasticmapreduce' }, []],
  ['AWS Internal', 'AwsInternal', {}, []],
])('%s is a %s', (arn, type, attributes, parents) => {
  expect(principalOf(arn)).toEqual({ type, id: arn, attributes: { arn, ...attributes }, parents });
});

it.each([
  '',
  '*',
  'arn:aws:iam::123456789012:user/',
  'arn:aws:iam::123456789012:user/Alice\n',
  '\narn:aws:iam::123456789012:user/Alice',
  'arn:aws:iam::123456789012:user/Ali*ce',
  'arn:aws:iam::12345678901:user/Alice',
  'arn:aws:iam::1234567890123:user/Alice',
  'arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:user/Alice',
  'arn:aws:iam:us-east-1:123456789012:user/Alice',
  'arn:aws:iam::123456789012:User/Alice',
  'arn:aws:iam::123456789012:group/Admins',
  'arn:aws:iam::123456789012:root/',
  'arn:aws:sts::123456789012:assumed-role/Payments',
  'arn:aws:sts::123456789012:assumed-role/ops/Payments/session',
  'arn:evil:iam::123456789012:root',
  'evil.com/.amazonaws.com',
  'ec2.amazonaws.com.evil.com',
  '.amazonaws.com',
  'aws internal',
  'AWS Internal ',
])('%j is text, in no account', (arn) => {
  expect(principalOf(arn)).toEqual({ type: 'OtherPrincipal', id: arn, attributes: { arn }, parents: [] });
});

it('reads hostile text quickly', () => {
  const long = 'a.-/'.repeat(30_000);
  for (const arn of [`arn:aws:iam::123456789012:user/${long}`, long, `${long}.amazonaws.co`, 'a'.repeat(120_000)])
    expect(principalOf(`${arn}!`).type).toBe('OtherPrincipal');
});
