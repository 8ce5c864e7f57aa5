import assert from 'node:assert/strict';
import { decide } from '../../../src/kms/access/decide.ts';
import { readPattern } from '../../../src/kms/access/pattern.ts';
import { identityPolicySchema, keyPolicySchema, readKeyPolicy } from '../../../src/kms/access/policySchema.ts';
import { principalsOf } from '../../../src/kms/access/principals.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const ACCOUNT = '123456789012';
const ALICE = `arn:aws:iam::${ACCOUNT}:user/Alice`;
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const CONTEXT = new Map<string, string | readonly string[]>([
  ['aws:username', 'Alice'],
  ['aws:sourceip', '10.0.0.1'],
  ['aws:currenttime', '2026-11-27T00:00:00Z'],
  ['kms:encryptioncontext:a', 'b'],
  ['kms:encryptioncontextkeys', ['a', 'c']],
]);

const statement = { Effect: 'Allow', Principal: { AWS: ALICE }, Action: 'kms:Decryp?', Resource: '*' };
const conditions = {
  StringLike: { 'aws:username': '${aws:username}*' },
  'ForAnyValue:StringEqualsIfExists': { 'kms:EncryptionContextKeys': ['a'] },
  IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
  DateGreaterThan: { 'aws:CurrentTime': '2020-01-01' },
  NumericLessThan: { 'kms:GrantCount': 5 },
  ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/*' },
  Null: { 'aws:MultiFactorAuthAge': true },
  Bool: { 'aws:SecureTransport': false },
};

/** A key policy for the local KMS, and each of its lines as a pattern. A policy without Allow allows nothing. */
export const target: FuzzTarget = {
  maxBytes: 32_768,
  seeds: [
    JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    JSON.stringify({ Version: '2012-10-17', Statement: { ...statement, Principal: '*', Condition: conditions } }),
    JSON.stringify({
      Statement: [
        {
          ...statement,
          Effect: 'Deny',
          Action: undefined,
          NotAction: ['kms:*'],
          Principal: undefined,
          NotPrincipal: { AWS: ACCOUNT },
        },
      ],
    }),
    'kms:De*\nkms:Decrypt',
    "a*${aws:username, 'x'}?b\naAlicexb",
    '${*}*${?}\n*a?',
  ],
  words: [
    ...Object.keys(conditions),
    '"Condition":{"',
    '"NotResource":"*"',
    '${aws:username}',
    "${a, '",
    '*',
    '?',
    '${',
    '"__proto__":',
    '[[',
  ],
  check: (input) => {
    const text = input.toString();
    checkPattern(text);
    const policy = readKeyPolicy(text);
    const value = jsonOf(text);
    keyPolicySchema.safeParse(value);
    const identity = identityPolicySchema.safeParse(value).data;
    const decision = decide({
      action: 'kms:Decrypt',
      resource: KEY,
      accountId: ACCOUNT,
      caller: principalsOf(ALICE),
      identityPolicies: identity ? [identity] : [],
      keyPolicy: policy,
      context: CONTEXT,
      keyPolicyContext: CONTEXT,
      grantee: () => undefined,
    });
    const allows = policy.statements.some(({ effect }) => effect === 'Allow');
    if (decision === 'allowed') assert.ok(allows);
  },
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first line is a pattern and the second a text. Short ones are compared with a regular expression. */
function checkPattern(text: string): void {
  const [pattern = '', subject = ''] = text.split('\n', 2);
  const matches = readPattern(pattern, { wildcards: true, variable: () => undefined })(subject);
  if (pattern.length > 32 || subject.length > 64 || pattern.includes('$')) return;
  const parts = Array.from(pattern, (each) =>
    each === '*' ? '.*' : each === '?' ? '.' : each.replace(/[\\^$.|+()[\]{}]/, '\\$&'),
  );
  assert.equal(matches, new RegExp(`^${parts.join('')}$`, 'su').test(subject));
}
