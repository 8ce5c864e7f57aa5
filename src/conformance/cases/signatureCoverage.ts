import { hash } from 'node:crypto';
import { formatScope } from '../../sigv4/credentialScope.ts';
import { refuses } from '../caseBuilders.ts';
import type { ConformanceCase } from '../conformanceCase.ts';
import type { WireRequest } from '../../xksClient/sendRequest.ts';
import { formatAmzDate } from '../../xksClient/signRequest.ts';
import { unsigned } from '../unsigned.ts';
import { rejects, verifies } from './signatureCases.ts';

const OTHER_BODY = Buffer.from('{"requestMetadata":{}}');
const OTHER_HASH = hash('sha256', OTHER_BODY);

/** Cases about the parts of a request that a signature covers. */
export const signatureCoverage: readonly ConformanceCase[] = [
  rejects('other-body', 'MUST', 'a body that was changed after signing', () => ({ covers: { body: OTHER_BODY } })),
  rejects('other-path', 'MUST', 'GetKeyMetadata with the signature of a GetHealthStatus request', ({ store }) => ({
    covers: { path: store.pathOf('health') },
  })),
  rejects('other-method', 'MUST', 'a POST request with the signature of a GET request', () => ({
    covers: { method: 'GET' },
  })),
  rejects('other-host', 'MUST', 'a request with the signature of a request to another host', () => ({
    edit: replaceHeader('host', 'conformance.invalid'),
  })),
  rejects('other-date', 'MUST', 'an x-amz-date that was changed after signing', ({ target }) => ({
    edit: replaceHeader('x-amz-date', formatAmzDate(target.clock() + 2_000)),
  })),

  rejects('host-not-signed', 'MUST', 'SignedHeaders without host', () => ({ signedHeaders: ['x-amz-date'] })),
  rejects('date-not-signed', 'MUST', 'SignedHeaders without x-amz-date', () => ({ signedHeaders: ['host'] })),
  rejects('signed-header-missing', 'MUST', 'SignedHeaders with a header that the request does not have', () => ({
    signedHeaders: ['host', 'x-amz-date', 'x-amz-missing'],
  })),
  rejects('amz-header-not-signed', 'SHOULD', 'an x-amz-* header that SignedHeaders does not name', () => ({}), {
    headers: [['x-amz-security-token', 'conformance']],
  }),
  rejects('signed-headers-unsorted', 'SHOULD', 'SignedHeaders in the wrong order', () => ({
    signedHeaders: ['x-amz-date', 'host'],
  })),
  rejects('signed-headers-twice', 'SHOULD', 'SignedHeaders with the same name twice', () => ({
    signedHeaders: ['host', 'host', 'x-amz-date'],
  })),
  rejects('signed-headers-case', 'SHOULD', 'SignedHeaders with capital letters', () => ({
    signedHeaders: ['Host', 'X-Amz-Date'],
  })),
  rejects(
    'content-sha256-of-another-body',
    'MUST',
    'an x-amz-content-sha256 that is the hash of another body',
    () => ({
      signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date'],
      covers: { payloadHash: OTHER_HASH },
    }),
    { headers: [['x-amz-content-sha256', OTHER_HASH]] },
  ),
  rejects(
    'content-sha256-unsigned',
    'MUST',
    'the header x-amz-content-sha256: UNSIGNED-PAYLOAD',
    () => ({
      signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date'],
      covers: { payloadHash: 'UNSIGNED-PAYLOAD' },
    }),
    { headers: [['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']] },
  ),
  refuses(
    'presigned-query',
    'MUST',
    'a signature in the query string instead of a header',
    ['AuthenticationFailedException', 'InvalidUriPathException', 'ValidationException'],
    ({ store, target }) => {
      const amzDate = formatAmzDate(target.clock());
      const scope = formatScope({ date: amzDate.slice(0, 8), region: target.region });
      const query = new URLSearchParams({
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': `${store.keyStore.credential.accessKeyId}/${scope}`,
        'X-Amz-Date': amzDate,
        'X-Amz-Expires': '300',
        'X-Amz-SignedHeaders': 'host',
      }).toString();
      const signing = { amzDate, signedHeaders: ['host'], edit: moveSignatureToQuery };
      return store.call('metadata', {}, { path: `${store.pathOf('metadata')}?${query}`, signing });
    },
  ),

  verifies('content-type-signed', 'MUST', 'a signature that covers content-type, as one by curl does', () => ({
    signedHeaders: ['content-type', 'host', 'x-amz-date'],
  })),
  verifies(
    'more-headers-signed',
    'SHOULD',
    'a signature that covers additional headers',
    () => ({ signedHeaders: ['content-length', 'content-type', 'host', 'x-amz-date', 'x-amz-user-agent'] }),
    { headers: [['x-amz-user-agent', 'conformance']] },
  ),
  verifies('commas-without-spaces', 'SHOULD', 'an Authorization header without spaces after its commas', () => ({
    edit: (request) => ({
      ...request,
      headers: request.headers.map(([name, value]) => [name, value.replaceAll(', ', ',')]),
    }),
  })),
];

function replaceHeader(wanted: string, replacement: string): (request: WireRequest) => WireRequest {
  return (request) => ({
    ...request,
    headers: request.headers.map(([name, value]) => [name, name === wanted ? replacement : value]),
  });
}

function moveSignatureToQuery(request: WireRequest): WireRequest {
  const authorization = request.headers.find(([name]) => name === 'authorization')?.[1] ?? '';
  const signature = authorization.replace(/^.*Signature=/, '');
  return { ...unsigned(request), path: `${request.path}&X-Amz-Signature=${signature}` };
}
