import type { Json } from '../support/fakeXksProxy.ts';
import type { Faults } from './faults.ts';
import { ageInMinutes, answers, replaces, serves, trusts, trustsAge } from './faultySteps.ts';

const KEY_OPERATIONS = ['metadata', 'encrypt', 'decrypt'];
const OPERATIONS = ['health', ...KEY_OPERATIONS];
const UNAUTHENTICATED = { status: 401, body: { errorName: 'AuthenticationFailedException' } };
const INTERNAL = { status: 500, body: { errorName: 'InternalException' } };

/** Faults of authentication, key usage and isolation. */
export const faultyAccess: Faults = {
  authentication: [
    [
      'no signature is needed',
      { trusts: ({ headers }) => !headers.has('authorization') },
      OPERATIONS.map((operation) => `unsigned-${operation}`),
    ],
    ['other schemes are trusted', trusts('authorization', /^Basic/), ['other-scheme']],
    [
      'an unknown access key id is told apart',
      replaces(
        401,
        { body: { errorName: 'AuthenticationFailedException', errorMessage: 'No such id.' } },
        ({ headers }) => String(headers.get('authorization')).includes('UNKNOWN'),
      ),
      ['indistinguishable'],
    ],
    [
      'two Authorization headers are one too many or not',
      { trusts: ({ headers }) => headers.has('authorization') && headers.get('authorization') === undefined },
      ['two-authorizations'],
    ],
    ['any service', trusts('authorization', /\/s3\//), ['scope-service']],
    ['any terminator', trusts('authorization', /aws5_request/), ['scope-terminator']],
    ['any region', trusts('authorization', /mars-north-1/), ['scope-region']],
    ['old requests are served', trustsAge(50, 70), ['hour-old', 'hour-ahead']],
    ['a day is recent', trustsAge(1_430, 1_450), ['day-old']],
    ['6 minutes are recent', trustsAge(5.5, 7), ['6-minutes-old', '6-minutes-ahead']],
    [
      '4 minutes are not recent',
      replaces(200, UNAUTHENTICATED, ({ headers }) => ageInMinutes(headers) > 3),
      ['4-minutes-old', '4-minutes-ahead'],
    ],
    ['host need not be signed', trusts('authorization', /SignedHeaders=x-amz-date,/), ['host-not-signed']],
    ['x-amz-date need not be signed', trusts('authorization', /SignedHeaders=host,/), ['date-not-signed']],
    ['signed headers may be missing', trusts('authorization', /x-amz-missing/), ['signed-header-missing']],
    ['x-amz-* need not be signed', trusts('x-amz-security-token', /./), ['amz-header-not-signed']],
    ['any order', trusts('authorization', /x-amz-date;host/), ['signed-headers-unsorted']],
    ['names may come twice', trusts('authorization', /host;host/), ['signed-headers-twice']],
    ['any case', trusts('authorization', /Host;X-Amz-Date/), ['signed-headers-case']],
    [
      'x-amz-content-sha256 is believed',
      trusts('x-amz-content-sha256', /./),
      ['content-sha256-of-another-body', 'content-sha256-unsigned'],
    ],
    ['the host is not verified', trusts('host', /invalid/), ['other-host']],
    ['presigned requests are served', serves((path) => path.replace(/\?X-Amz-.*$/, '')), ['presigned-query']],
    [
      'only host and x-amz-date may be signed',
      replaces(200, UNAUTHENTICATED, ({ headers }) => String(headers.get('authorization')).includes('content-type')),
      ['content-type-signed', 'more-headers-signed'],
    ],
    [
      'a space must follow a comma',
      replaces(200, UNAUTHENTICATED, ({ headers }) => !String(headers.get('authorization')).includes(', ')),
      ['commas-without-spaces'],
    ],
  ],
  'key-usage': [
    [
      'every key does everything',
      answers('metadata', { keyUsage: ['ENCRYPT', 'DECRYPT'] }),
      ['encryptOnly-usage', 'decryptOnly-usage', 'noUsage-usage'],
    ],
    [
      'usage is an internal error',
      { reply: (reply) => (errorName(reply.body) === 'InvalidKeyUsageException' ? { ...reply, ...INTERNAL } : reply) },
      ['encryptOnly-decrypt', 'encryptOnly-cdiv', 'decryptOnly-encrypt', 'noUsage-encrypt', 'noUsage-decrypt'],
    ],
    ['a blocked key is said to be enabled', answers('metadata', { keyStatus: 'ENABLED' }), ['blocked-status']],
    [
      'a blocked key is served',
      serves((path) => path.replace(/blocked\/(en|de)crypt/, 'foo/$1crypt')),
      ['blocked-encrypt', 'blocked-decrypt'],
    ],
  ],
  isolation: [
    ['one credential for all', { trusts: () => true }, ['first-credential-on-second', 'second-credential-on-first']],
    [
      'one set of keys',
      serves((path) => path.replace('/second/kms/xks/v1/keys/foo', '/first/kms/xks/v1/keys/foo')),
      ['key-of-other-store'],
    ],
    [
      'one key',
      serves((path) => path.replace('/second/kms/xks/v1/keys/bar/decrypt', '/first/kms/xks/v1/keys/foo/decrypt')),
      ['ciphertext-of-other-store'],
    ],
    ['no second store', replaces(200, { status: 404 }, ({ path }) => path.startsWith('/second')), ['second-store']],
  ],
};

function errorName(body: unknown): unknown {
  return (body as Json | undefined)?.['errorName'];
}
