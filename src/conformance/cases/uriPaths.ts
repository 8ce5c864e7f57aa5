import { API_OF_OPERATION } from '../../xks/path.ts';
import { MAX_URI_CHARACTERS } from '../../xks/limits.ts';
import { XKS_ERROR_STATUS } from '../../xks/errors.ts';
import { refuses } from '../caseBuilders.ts';
import { brokenRule } from '../causes.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { errorNameOf } from '../errorNameOf.ts';
import { expectThat } from '../expectations.ts';
import { KEY_OPERATIONS, type KeyStoreClient, type Operation } from '../../xksClient/keyStoreClient.ts';
import { describeAnswer } from '../describeExchange.ts';
import { unsigned } from '../unsigned.ts';

const UNKNOWN_KEY = 'conformance-unknown-key';
// Spec: "A-Za-z0-9-_.". If a key had several spellings, policies, logs and caches might treat them differently.
const INVALID_KEY_IDS = ['conformance$', 'conformance~', 'conformance%20key', 'conf%C3%B6rmance'];
const API = '/kms/xks/v1';
const SERVED = brokenRule('Requests with other spellings of a path are served');

/** Makes a case of a path in another spelling, which a lenient server would treat as the same path. */
function spelling(id: string, title: string, respell: (path: string, store: KeyStoreClient) => string) {
  return {
    id: `spelling-${id}`,
    level: 'SHOULD',
    title: `Refuses another spelling of a path: ${title}`,
    expected: '404 InvalidUriPathException, or another error of the specification with a status of 4xx',
    async run({ store }) {
      const plain = store.pathOf('metadata');
      const path = respell(plain, store);
      // The path is signed as it is sent, and as a server would normalise it. The proxy must serve neither request.
      for (const covers of [{}, { path: plain, query: '' }]) {
        const answer = await store.call('metadata', {}, { path, signing: { covers } });
        const name = errorNameOf(answer);
        const refused = name !== undefined && XKS_ERROR_STATUS[name] === answer.status && answer.status < 500;
        expectThat(refused, describeAnswer(answer), answer.status === 200 ? SERVED : undefined);
      }
    },
  } satisfies ConformanceCase;
}

const unknownKey = (operation: Operation) =>
  refuses(
    `unknown-key-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} with the id of a key that the key store does not have`,
    ['KeyNotFoundException'],
    ({ store }) => store.call(operation, {}, { keyId: UNKNOWN_KEY }),
  );

export const uriPaths: Section = {
  name: 'uri-paths',
  title: 'URIs and key ids',
  source: 'Specification, "API operations" and "Error codes"',
  cases: [
    refuses('unknown-prefix', 'MUST', 'an unknown path prefix', ['InvalidUriPathException'], ({ store }) =>
      store.call('health', {}, { path: store.pathOf('health').replace(API, `/conformance-unknown${API}`) }),
    ),
    refuses('unknown-operation', 'MUST', 'an unknown operation on a key', ['InvalidUriPathException'], ({ store }) =>
      store.call('metadata', {}, { path: store.pathOf('metadata').replace(/metadata$/, 'sign') }),
    ),
    refuses(
      'no-operation',
      'MUST',
      'the path of a key without an operation',
      ['InvalidUriPathException'],
      ({ store }) => store.call('metadata', {}, { path: store.pathOf('metadata').replace(/\/metadata$/, '') }),
    ),
    refuses('unknown-version', 'MUST', 'an unknown API version', ['InvalidUriPathException'], ({ store }) =>
      store.call('health', {}, { path: store.pathOf('health').replace(API, '/kms/xks/v2') }),
    ),
    refuses('below-health', 'MUST', 'a path below that of GetHealthStatus', ['InvalidUriPathException'], ({ store }) =>
      store.call('health', {}, { path: `${store.pathOf('health')}/more` }),
    ),
    refuses(
      'unknown-path-unsigned',
      'SHOULD',
      'an unknown path, even if the request is unsigned',
      ['InvalidUriPathException'],
      ({ store }) =>
        store.call('health', {}, { path: `${store.keyStore.uriPath}/unknown`, signing: { edit: unsigned } }),
    ),
    ...KEY_OPERATIONS.map(unknownKey),
    refuses(
      'key-id-characters',
      'MUST',
      'an unknown key id with letters, digits, hyphens, periods and underscores, which are all valid',
      ['KeyNotFoundException'],
      ({ store }) => store.call('metadata', {}, { keyId: 'Conformance.unknown_key-0' }),
    ),
    refuses(
      'longest-key-id',
      'MUST',
      'an unknown key id of 128 characters, or of fewer if the URI would exceed 256 characters',
      ['KeyNotFoundException'],
      ({ store, target }) => {
        const rest = `${target.endpoint.url.origin}${store.pathOf('metadata', '')}`.length;
        return store.call('metadata', {}, { keyId: 'k'.repeat(Math.min(128, MAX_URI_CHARACTERS - rest)) });
      },
    ),
    refuses(
      'key-id-too-long',
      'SHOULD',
      'a key id of 129 characters',
      ['InvalidUriPathException', 'KeyNotFoundException', 'ValidationException'],
      ({ store }) => store.call('metadata', {}, { keyId: 'k'.repeat(129) }),
    ),
    ...INVALID_KEY_IDS.map((keyId, index) =>
      refuses(
        `key-id-invalid-${index + 1}`,
        'SHOULD',
        `a key id with an invalid character: ${keyId}`,
        ['InvalidUriPathException', 'KeyNotFoundException', 'ValidationException', 'AuthenticationFailedException'],
        ({ store }) => store.call('metadata', {}, { keyId }),
      ),
    ),
    spelling('trailing-slash', 'a trailing slash', (path) => `${path}/`),
    spelling('double-slash', 'a doubled slash', (path) => path.replace('/keys/', '//keys/')),
    spelling('leading-slash', 'two leading slashes', (path) => `/${path}`),
    spelling('dot', '/./', (path) => path.replace('/keys/', '/./keys/')),
    spelling('dot-dot', '/x/../', (path) => path.replace('/keys/', '/x/../keys/')),
    spelling('encoded-dots', '/x/%2e%2e/', (path) => path.replace('/keys/', '/x/%2e%2e/keys/')),
    spelling('encoded-letter', 'an encoded letter', (path) => path.replace(/a$/, '%61')),
    spelling('encoded-slash', 'an encoded slash', (path) => path.replace('/keys/', '/keys%2F')),
    spelling('operation-case', 'the operation in capital letters', (path) => path.replace('/metadata', '/METADATA')),
    spelling('prefix-case', '/KMS/XKS/v1', (path) => path.replace(API, '/KMS/XKS/v1')),
    spelling('query', 'a query string', (path) => `${path}?x=1`),
    spelling('empty-query', 'an empty query string', (path) => `${path}?`),
    spelling('path-parameter', 'a path parameter', (path) => `${path};x=1`),
  ],
};
