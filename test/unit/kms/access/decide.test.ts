import { describe, expect, it } from 'vitest';
import { decide, type Decision, type PrincipalMatch } from '../../../../src/kms/access/decide.ts';
import { identityPolicySchema, keyPolicySchema } from '../../../../src/kms/access/policySchema.ts';
import { principalsOf } from '../../../../src/kms/access/principals.ts';

const ACCOUNT = '111122223333';
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const ALICE = `arn:aws:iam::${ACCOUNT}:user/Alice`;
const BOB = `arn:aws:iam::${ACCOUNT}:user/Bob`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Engineering/session`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/path/Engineering`;
const STRANGER = 'arn:aws:iam::444455556666:user/Alice';
const THEIR_ROOT = 'arn:aws:iam::444455556666:root';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

type Statements = readonly object[];

function allow(elements: object = {}): object {
  return { Effect: 'Allow', Action: 'kms:*', Resource: '*', ...elements };
}
const deny = (elements: object = {}): object => ({ ...allow(elements), Effect: 'Deny' });
const to = (AWS: string | readonly string[]): object => ({ Principal: { AWS } });

interface Asked {
  readonly caller?: string;
  readonly keyPolicy?: Statements;
  readonly identity?: Statements;
  readonly grantee?: PrincipalMatch;
}

function decision({ caller = ALICE, keyPolicy, identity = [], grantee }: Asked): Decision {
  const Version = '2012-10-17';
  const context = new Map([['aws:username', 'Alice']]);
  return decide({
    action: 'kms:Decrypt',
    resource: KEY,
    accountId: ACCOUNT,
    caller: principalsOf(caller),
    identityPolicies: identity.length === 0 ? [] : [identityPolicySchema.parse({ Version, Statement: identity })],
    keyPolicy: keyPolicy && keyPolicySchema.parse({ Version, Statement: keyPolicy }),
    context,
    keyPolicyContext: context,
    grantee: () => grantee,
  });
}

const NO_IDENTITY = { policy: 'identity-based', explicit: false };
const NO_RESOURCE = { policy: 'resource-based', explicit: false };
const DENIED_BY_IDENTITY = { policy: 'identity-based', explicit: true };
const DENIED_BY_RESOURCE = { policy: 'resource-based', explicit: true };
const NOTHING_ELSE = [deny({ Principal: '*', Action: 'kms:Sign' })];

it.each<[what: string, asked: Asked, expected: unknown]>([
  ['the key policy names the caller', { keyPolicy: [allow(to(ALICE))] }, 'allowed'],
  ['the key policy names the caller among others', { keyPolicy: [allow(to([BOB, ALICE]))] }, 'allowed'],
  ['the key policy names everyone', { keyPolicy: [allow({ Principal: '*' })] }, 'allowed'],
  ['the key policy names another user', { keyPolicy: [allow(to(BOB))] }, NO_RESOURCE],
  ['the key policy names the account alone', { keyPolicy: [allow(to(ROOT))] }, NO_IDENTITY],
  [
    'the key policy names the account, and an identity policy allows',
    { keyPolicy: [allow(to(ROOT))], identity: [allow()] },
    'allowed',
  ],
  ['the key policy names the account by its id', { keyPolicy: [allow(to(ACCOUNT))], identity: [allow()] }, 'allowed'],
  [
    'an identity policy allows an action that the key policy does not delegate',
    { keyPolicy: NOTHING_ELSE, identity: [allow()] },
    NO_RESOURCE,
  ],
  [
    'the account has the key, for another action',
    { keyPolicy: [allow({ ...to(ROOT), Action: 'kms:Sign' })], identity: [allow()] },
    NO_RESOURCE,
  ],
  ['the root user', { caller: ROOT, keyPolicy: [allow(to(ROOT))] }, 'allowed'],
  ['the root user, whom the key policy does not open', { caller: ROOT, keyPolicy: [allow(to(ALICE))] }, NO_RESOURCE],
  [
    'an explicit denial of the key policy',
    { keyPolicy: [allow(to(ALICE)), deny({ Principal: '*' })], identity: [allow()] },
    DENIED_BY_RESOURCE,
  ],
  ['a denial of the account', { keyPolicy: [allow(to(ALICE)), deny(to(ROOT))] }, DENIED_BY_RESOURCE],
  ['a denial for another user', { keyPolicy: [allow(to(ALICE)), deny(to(BOB))] }, 'allowed'],
  [
    'an explicit denial of an identity policy',
    { keyPolicy: [allow(to(ALICE))], identity: [deny()] },
    DENIED_BY_IDENTITY,
  ],
  ['denials of both', { keyPolicy: [allow(to(ALICE)), deny(to(ALICE))], identity: [deny()] }, DENIED_BY_RESOURCE],
  ['a denial, before a grant', { keyPolicy: [deny(to(ALICE))], grantee: 'named' }, DENIED_BY_RESOURCE],
  ['a grant to the caller', { keyPolicy: NOTHING_ELSE, grantee: 'named' }, 'allowed'],
  ['a grant to the account', { keyPolicy: NOTHING_ELSE, grantee: 'account' }, NO_RESOURCE],
  [
    'a grant to the account, and an identity policy',
    { keyPolicy: NOTHING_ELSE, grantee: 'account', identity: [allow()] },
    'allowed',
  ],

  ['the role of a session', { caller: SESSION, keyPolicy: [allow(to(ROLE))] }, 'allowed'],
  ['a session', { caller: SESSION, keyPolicy: [allow(to(SESSION))] }, 'allowed'],
  ['another session', { caller: `${SESSION}2`, keyPolicy: [allow(to(SESSION))] }, NO_RESOURCE],
  ['a session for a role', { caller: ROLE, keyPolicy: [allow(to(SESSION))] }, NO_RESOURCE],
  [
    'a service',
    { caller: 's3.amazonaws.com', keyPolicy: [allow({ Principal: { Service: 's3.amazonaws.com' } })] },
    'allowed',
  ],
  [
    'another service',
    { caller: 's3.amazonaws.com', keyPolicy: [allow({ Principal: { Service: 'rds.amazonaws.com' } })] },
    NO_RESOURCE,
  ],
  ['all except the caller', { keyPolicy: [allow({ NotPrincipal: { AWS: ALICE } })] }, NO_RESOURCE],
  ['all except another user', { keyPolicy: [allow({ NotPrincipal: { AWS: BOB } })] }, 'allowed'],
  [
    'a denial for all except the caller',
    { keyPolicy: [allow(to(ALICE)), deny({ NotPrincipal: { AWS: [ALICE, ROOT] } })] },
    'allowed',
  ],
  [
    'a denial for all except another user',
    { keyPolicy: [allow(to(ALICE)), deny({ NotPrincipal: { AWS: [BOB, ROOT] } })] },
    DENIED_BY_RESOURCE,
  ],

  [
    'a denial for all except a session',
    { caller: SESSION, keyPolicy: [allow(to(ROLE)), deny({ NotPrincipal: { AWS: [SESSION, ROLE, ROOT] } })] },
    'allowed',
  ],
  [
    'a denial for all except another session',
    { caller: `${SESSION}2`, keyPolicy: [allow(to(ROLE)), deny({ NotPrincipal: { AWS: [SESSION, ROLE, ROOT] } })] },
    DENIED_BY_RESOURCE,
  ],
  [
    'a denial for all except a role, for its session',
    { caller: SESSION, keyPolicy: [allow(to(ROLE)), deny({ NotPrincipal: { AWS: [ROLE, ROOT] } })] },
    DENIED_BY_RESOURCE,
  ],

  [
    'another account that the key policy names, without identity policy',
    { caller: STRANGER, keyPolicy: [allow(to(STRANGER))] },
    NO_IDENTITY,
  ],
  [
    'another account with both',
    { caller: STRANGER, keyPolicy: [allow(to(THEIR_ROOT))], identity: [allow()] },
    'allowed',
  ],
  [
    'another account with an identity policy alone',
    { caller: STRANGER, keyPolicy: [allow(to(ROOT))], identity: [allow()] },
    NO_RESOURCE,
  ],
  ['another account with a grant', { caller: STRANGER, keyPolicy: [allow(to(ROOT))], grantee: 'named' }, 'allowed'],
  ['no key, and an identity policy', { identity: [allow()] }, 'allowed'],
  ['no key, and no identity policy', {}, NO_IDENTITY],
  ['no key, and another account', { caller: STRANGER, identity: [allow()] }, NO_RESOURCE],
])('%s', (_, asked, expected) => {
  expect(decision(asked)).toEqual(expected);
});

describe('an identity policy', () => {
  it.each([
    [{ Action: 'kms:decrypt' }, true],
    [{ Action: 'kms:De*' }, true],
    [{ Action: 'kms:Decryp?' }, true],
    [{ Action: '*' }, true],
    [{ Action: ['kms:Encrypt', 'kms:ReEncrypt*'] }, false],
    [{ Action: 's3:*' }, false],
    [{ Action: undefined, NotAction: 'kms:Encrypt' }, true],
    [{ Action: undefined, NotAction: ['kms:Encrypt', 'kms:D*'] }, false],
    [{ Resource: KEY }, true],
    [{ Resource: KEY.toUpperCase() }, false],
    [{ Resource: `arn:aws:kms:*:${ACCOUNT}:key/*` }, true],
    [{ Resource: 'arn:aws:kms:us-west-2:*' }, false],
    [{ Resource: `arn:aws:kms:*:${ACCOUNT}:alias/*` }, false],
    [{ Resource: undefined, NotResource: KEY }, false],
    [{ Resource: undefined, NotResource: 'arn:aws:s3:::*' }, true],
    [{ Resource: 'arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*' }, false],
    [{ Condition: { StringEquals: { 'aws:username': 'Alice' } } }, true],
    [{ Condition: { StringEquals: { 'aws:username': 'Bob' } } }, false],
  ])('with %j: %j', (elements, expected) => {
    const asked = { keyPolicy: [allow(to(ROOT))], identity: [allow(elements)] };
    expect(decision(asked)).toEqual(expected ? 'allowed' : NO_IDENTITY);
    const denied = { keyPolicy: [allow(to(ALICE))], identity: [deny(elements)] };
    expect(decision(denied)).toEqual(expected ? DENIED_BY_IDENTITY : 'allowed');
  });
});
