import { API_OF_OPERATION } from '../../xks/path.ts';
import { refuses } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { expectError, expectThat } from '../expectations.ts';
import { OPERATIONS, type Operation } from '../../xksClient/keyStoreClient.ts';
import { unsigned } from '../unsigned.ts';
import { rejects, withUnknownId, withWrongSecret } from './signatureCases.ts';
import { signatureCoverage } from './signatureCoverage.ts';
import { signatureScope } from './signatureScope.ts';

const withoutSignature = (operation: Operation) =>
  refuses(
    `unsigned-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} without a signature`,
    ['AuthenticationFailedException'],
    ({ store }) => store.call(operation, {}, { signing: { edit: unsigned } }),
  );

const withAnotherSecret = (operation: Operation) =>
  refuses(
    `wrong-secret-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} signed with a wrong secret`,
    ['AuthenticationFailedException'],
    ({ store }) => store.call(operation, {}, { signing: { credential: withWrongSecret(store) } }),
  );

/** Makes a case of a request that is valid except for the text of its Authorization header. */
const withHeader = (id: string, title: string, change: (authorization: string) => string): ConformanceCase =>
  rejects(id, 'MUST', title, () => ({
    edit: (request) => ({
      ...request,
      headers: request.headers.map(([name, value]) => [name, name === 'authorization' ? change(value) : value]),
    }),
  }));

export const authentication: Section = {
  name: 'authentication',
  title: 'Authentication',
  source: 'Specification, "Authentication" and Appendix A; AWS Signature Version 4',
  cases: [
    ...OPERATIONS.map(withoutSignature),
    ...OPERATIONS.map(withAnotherSecret),
    rejects('unknown-access-key-id', 'MUST', 'an unknown access key id', ({ store }) => ({
      credential: withUnknownId(store),
    })),
    {
      id: 'indistinguishable',
      level: 'SHOULD',
      title: 'Gives the same answer for a wrong secret and an unknown access key id',
      expected: '401 AuthenticationFailedException with the same body',
      async run({ store }) {
        const wrong = await store.call('metadata', {}, { signing: { credential: withWrongSecret(store) } });
        const unknown = await store.call('metadata', {}, { signing: { credential: withUnknownId(store) } });
        expectError(wrong, ['AuthenticationFailedException']);
        expectError(unknown, ['AuthenticationFailedException']);
        expectThat(wrong.body.equals(unknown.body), 'answers with different bodies');
      },
    },
    withHeader('other-scheme', 'an Authorization header of another scheme', () => 'Basic dXNlcjpwYXNzd29yZA=='),
    withHeader('empty-authorization', 'an empty Authorization header', () => ''),
    withHeader(
      'garbled-authorization',
      'an Authorization header without its required fields',
      () => 'AWS4-HMAC-SHA256 x=y',
    ),
    withHeader('short-signature', 'a signature without its last digit', (text) => text.slice(0, -1)),
    withHeader('empty-signature', 'an empty signature', (text) => text.replace(/Signature=.*$/, 'Signature=')),
    rejects('two-authorizations', 'SHOULD', 'two Authorization headers, even if the first one is valid', () => ({
      edit: (request) => ({ ...request, headers: [...request.headers, ['authorization', 'AWS4-HMAC-SHA256 x=y']] }),
    })),
    ...signatureScope,
    ...signatureCoverage,
  ],
};
