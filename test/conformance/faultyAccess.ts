import { OPERATIONS } from '../../src/xksClient/keyStoreClient.ts';
import { isSignedAsClaimed } from '../support/isSignedAsClaimed.ts';
import type { Faults } from './faults.ts';
import { ageInMinutes, answers, errorReply, misreports, replaces, serves, trusts, trustsAge } from './faultySteps.ts';

/** Faults of authentication, key usage and isolation. */
export const faultyAccess: Faults = {
  authentication: [
    [
      'verifies only that the signature covers what the request claims',
      { trusts: isSignedAsClaimed },
      [
        ...['unknown-access-key-id', 'indistinguishable'],
        ...['service', 'terminator', 'region', 'date'].map((part) => `scope-${part}`),
        ...['day-old', 'hour-old', 'hour-ahead', '6-minutes-old', '6-minutes-ahead', 'amz-date-format'],
        ...['host-not-signed', 'date-not-signed', 'signed-header-missing', 'amz-header-not-signed'],
        ...['signed-headers-unsorted', 'signed-headers-twice', 'signed-headers-case'],
        ...['content-sha256-of-another-body', 'content-sha256-unsigned'],
      ],
    ],
    [
      'does not compare signatures',
      { ignores: (check) => check === 'signature' },
      [
        ...OPERATIONS.map((operation) => `wrong-secret-${operation}`),
        ...['body', 'path', 'method', 'host', 'date'].map((part) => `other-${part}`),
        ...['indistinguishable', 'content-sha256-of-another-body', 'content-sha256-unsigned'],
      ],
    ],
    [
      'serves requests with an Authorization header that it cannot parse',
      { ignores: (check) => check === 'authorization-header' },
      [
        ...OPERATIONS.map((operation) => `unsigned-${operation}`),
        ...['other-scheme', 'empty-authorization', 'garbled-authorization', 'two-authorizations'],
        ...['short-signature', 'empty-signature'],
      ],
    ],
    [
      'compares only the digits of a signature that the request has',
      trusts('authorization', /Signature=[\da-f]{0,63}$/),
      ['short-signature', 'empty-signature'],
    ],
    [
      'serves GetHealthStatus without authentication',
      { trusts: ({ path }) => path.endsWith('/health') },
      ['unsigned-health', 'wrong-secret-health'],
    ],
    [
      'uses one secret for all access key ids',
      { ignores: (check) => check === 'access-key-id' },
      ['unknown-access-key-id', 'indistinguishable'],
    ],
    ['accepts an x-amz-date in any format', trusts('x-amz-date', /GMT$/), ['amz-date-format']],
    [
      'accepts requests without a signature',
      { trusts: ({ headers }) => !headers.has('authorization') },
      OPERATIONS.map((operation) => `unsigned-${operation}`),
    ],
    ['trusts other authorization schemes', trusts('authorization', /^Basic/), ['other-scheme']],
    [
      'gives another answer for an unknown access key id than for a wrong secret',
      replaces(
        401,
        { body: { errorName: 'AuthenticationFailedException', errorMessage: 'No such id.' } },
        ({ headers }) => String(headers.get('authorization')).includes('UNKNOWN'),
      ),
      ['indistinguishable'],
    ],
    [
      'accepts two Authorization headers',
      { trusts: ({ headers }) => headers.has('authorization') && headers.get('authorization') === undefined },
      ['two-authorizations'],
    ],
    ['accepts the credential scope of any service', trusts('authorization', /\/s3\//), ['scope-service']],
    ['accepts any terminator of the credential scope', trusts('authorization', /aws5_request/), ['scope-terminator']],
    ['accepts the credential scope of any Region', trusts('authorization', /mars-north-1/), ['scope-region']],
    ['accepts requests that are an hour old or early', trustsAge(50, 70), ['hour-old', 'hour-ahead']],
    ['accepts requests that are a day old', trustsAge(1_430, 1_450), ['day-old']],
    ['accepts requests that are 6 minutes old or early', trustsAge(5.5, 7), ['6-minutes-old', '6-minutes-ahead']],
    [
      'refuses requests that are 4 minutes old or early',
      replaces(200, errorReply('AuthenticationFailedException'), ({ headers }) => ageInMinutes(headers) > 3),
      ['4-minutes-old', '4-minutes-ahead'],
    ],
    ['accepts signatures without host', trusts('authorization', /SignedHeaders=x-amz-date,/), ['host-not-signed']],
    ['accepts signatures without x-amz-date', trusts('authorization', /SignedHeaders=host,/), ['date-not-signed']],
    ['accepts a signed header that is missing', trusts('authorization', /x-amz-missing/), ['signed-header-missing']],
    ['accepts unsigned x-amz-* headers', trusts('x-amz-security-token', /./), ['amz-header-not-signed']],
    ['accepts SignedHeaders in any order', trusts('authorization', /x-amz-date;host/), ['signed-headers-unsorted']],
    ['accepts a name twice in SignedHeaders', trusts('authorization', /host;host/), ['signed-headers-twice']],
    ['accepts capital letters in SignedHeaders', trusts('authorization', /Host;X-Amz-Date/), ['signed-headers-case']],
    [
      'trusts x-amz-content-sha256',
      trusts('x-amz-content-sha256', /./),
      ['content-sha256-of-another-body', 'content-sha256-unsigned'],
    ],
    ['does not verify the host', trusts('host', /invalid/), ['other-host']],
    ['accepts presigned requests', serves((path) => path.replace(/\?X-Amz-.*$/, '')), ['presigned-query']],
    [
      'refuses signatures of further headers',
      replaces(200, errorReply('AuthenticationFailedException'), ({ headers }) =>
        String(headers.get('authorization')).includes('content-type'),
      ),
      ['content-type-signed', 'more-headers-signed'],
    ],
    [
      'requires a space after each comma of Authorization',
      replaces(
        200,
        errorReply('AuthenticationFailedException'),
        ({ headers }) => !String(headers.get('authorization')).includes(', '),
      ),
      ['commas-without-spaces'],
    ],
  ],
  'key-usage': [
    [
      'reports both usages for every key',
      answers('metadata', { keyUsage: ['ENCRYPT', 'DECRYPT'] }),
      ['encryptOnly-usage', 'decryptOnly-usage', 'noUsage-usage'],
    ],
    [
      'answers a wrong usage with InternalException',
      misreports('InvalidKeyUsageException', errorReply('InternalException')),
      ['encryptOnly-decrypt', 'encryptOnly-cdiv', 'decryptOnly-encrypt', 'noUsage-encrypt', 'noUsage-decrypt'],
    ],
    [
      'requires both usages for Decrypt',
      replaces(400, errorReply('InvalidKeyUsageException'), ({ path }) => path.endsWith('/decrypt-only/decrypt')),
      ['decryptOnly-decrypt'],
    ],
    ['reports a blocked key as enabled', answers('metadata', { keyStatus: 'ENABLED' }), ['blocked-status']],
    [
      'serves a blocked key',
      serves((path) => path.replace(/blocked\/(en|de)crypt/, 'foo/$1crypt')),
      ['blocked-encrypt', 'blocked-decrypt'],
    ],
  ],
  isolation: [
    ['accepts any credential', { trusts: () => true }, ['first-credential-on-second', 'second-credential-on-first']],
    [
      'gives all key stores the same keys',
      serves((path) => path.replace('/second/kms/xks/v1/keys/foo', '/first/kms/xks/v1/keys/foo')),
      ['key-of-other-store'],
    ],
    [
      'decrypts with the key of another key store',
      serves((path) => path.replace('/second/kms/xks/v1/keys/bar/decrypt', '/first/kms/xks/v1/keys/foo/decrypt')),
      ['ciphertext-of-other-store'],
    ],
    [
      'has no second key store',
      replaces(200, { status: 404 }, ({ path }) => path.startsWith('/second')),
      ['second-store'],
    ],
  ],
};
