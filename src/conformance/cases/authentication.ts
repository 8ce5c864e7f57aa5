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
    `${operation} without a signature`,
    ['AuthenticationFailedException'],
    ({ store }) => store.call(operation, {}, { signing: { edit: unsigned } }),
  );

const withAnotherSecret = (operation: Operation) =>
  refuses(
    `wrong-secret-${operation}`,
    'MUST',
    `${operation} signed with another secret`,
    ['AuthenticationFailedException'],
    ({ store }) => store.call(operation, {}, { signing: { credential: withWrongSecret(store) } }),
  );

/** Makes a case of a request that is good except for the text of its Authorization header. */
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
    rejects('unknown-access-key-id', 'MUST', 'An unknown access key id', ({ store }) => ({
      credential: withUnknownId(store),
    })),
    {
      id: 'indistinguishable',
      level: 'SHOULD',
      title: 'A wrong secret and an unknown access key id get the same answer',
      expected: 'two equal answers, 401 AuthenticationFailedException',
      async run({ store }) {
        const wrong = await store.call('metadata', {}, { signing: { credential: withWrongSecret(store) } });
        const unknown = await store.call('metadata', {}, { signing: { credential: withUnknownId(store) } });
        expectError(wrong, ['AuthenticationFailedException']);
        expectError(unknown, ['AuthenticationFailedException']);
        expectThat(wrong.body.equals(unknown.body), 'two different answers');
      },
    },
    withHeader('other-scheme', 'Authorization of another scheme', () => 'Basic dXNlcjpwYXNzd29yZA=='),
    withHeader('empty-authorization', 'An empty Authorization header', () => ''),
    withHeader('garbled-authorization', 'An Authorization header without its fields', () => 'AWS4-HMAC-SHA256 x=y'),
    withHeader('short-signature', 'A signature that lacks its last digit', (text) => text.slice(0, -1)),
    withHeader('empty-signature', 'An empty signature', (text) => text.replace(/Signature=.*$/, 'Signature=')),
    rejects('two-authorizations', 'SHOULD', 'Two Authorization headers, the first one good', () => ({
      edit: (request) => ({ ...request, headers: [...request.headers, ['authorization', 'AWS4-HMAC-SHA256 x=y']] }),
    })),
    ...signatureScope,
    ...signatureCoverage,
  ],
};
