import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/kms/xksProxy/parseAnswer.ts';
import {
  readCiphertext,
  readHealthStatus,
  requireEkm,
  readKeyMetadata,
  readPlaintext,
} from '../../../src/kms/xksProxy/readAnswer.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';

// Spec, Appendix C.
const aad = Buffer.from('project=nile,department=marketing');
const plaintext = Buffer.alloc(12);
const sealed = {
  ciphertext: 'ghxkK1txeDNn3q8Y',
  initializationVector: 'HMrlRw85cAJUd5Ax',
  authenticationTag: 'vBxN2ncH1oEkR8WVXpmyYQ==',
  ciphertextMetadata: 'a2V5X3ZlcnNpb249MQ==',
  ciphertextDataIntegrityValue: 'qHA/ImC9h5HsLRXqCyPmWgYx7tzyoTplzILbP0fPXsc=',
};
const health = {
  xksProxyFleetSize: 1,
  xksProxyVendor: 'Acme Corp',
  xksProxyModel: 'Acme XKS Proxy 1.0',
  ekmVendor: 'Thales Group',
  ekmFleetDetails: [
    { id: 'hsm-id-1', model: 'Luna 5.0', healthStatus: 'UNAVAILABLE' },
    { id: 'hsm-id-2', model: 'Luna 5.1', healthStatus: 'DEGRADED' },
  ],
};
const metadata = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };

function answer(body: unknown, status = 200, contentType: string | undefined = 'application/json'): HttpAnswer {
  return { status, contentType, body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)) };
}

function failureOf(read: () => unknown): { reason: string; detail: string } {
  try {
    read();
  } catch (error) {
    if (!(error instanceof XksProxyFailure)) throw error;
    return { reason: error.reason, detail: error.detail };
  }
  throw new Error('nothing was thrown');
}

function invalid(detail: string) {
  return { reason: 'InvalidResponse', detail };
}

it('reads the ciphertext of the worked example', () => {
  expect(readCiphertext(answer({ ...sealed, more: 1 }), plaintext, aad)).toEqual({
    ciphertext: Buffer.from('821c642b5b71783367deaf18', 'hex'),
    initializationVector: Buffer.from('1ccae5470f39700254779031', 'hex'),
    authenticationTag: Buffer.from('bc1c4dda7707d6812447c5955e99b261', 'hex'),
    ciphertextMetadata: Buffer.from('key_version=1'),
  });
});

it('reads a ciphertext without metadata', () => {
  const without = { ...sealed, ciphertextMetadata: undefined };
  // Source: test/vectors/cdiv.json.
  const ciphertextDataIntegrityValue = 'PnRjBnS2gFgyL7kyBENKntOEPdD6yboMwXYlFVgoQ9M=';
  const read = readCiphertext(answer({ ...without, ciphertextDataIntegrityValue }), plaintext, Buffer.alloc(0));
  expect(read.ciphertextMetadata).toEqual(Buffer.alloc(0));
});

it.each<[object, string]>([
  [{ ciphertext: 'ghxkK1txeDM=' }, 'ciphertext: 8 bytes, not 12'],
  [{ ciphertext: 'ghxkK1txeDNn3q8Z' }, 'ciphertextDataIntegrityValue: does not match'],
  [{ ciphertextMetadata: '' }, 'ciphertextDataIntegrityValue: does not match'],
  [{ ciphertextMetadata: null }, 'HTTP 200, ciphertextMetadata: Invalid input: expected string, received null'],
  [{ ciphertextMetadata: 'A'.repeat(28) }, 'HTTP 200, ciphertextMetadata: not the Base64 of at most 20 bytes'],
  [{ initializationVector: 'A'.repeat(20) }, 'HTTP 200, initializationVector: not the Base64 of 12 or 16 bytes'],
  [{ authenticationTag: 'A'.repeat(16) }, 'HTTP 200, authenticationTag: not the Base64 of 16 bytes'],
  [{ ciphertextDataIntegrityValue: '' }, 'HTTP 200, ciphertextDataIntegrityValue: not the Base64 of 32 bytes'],
  [{ ciphertext: 'ghxkK1txeDNn3q8Y\n' }, 'HTTP 200, ciphertext: not the Base64 of any length'],
  [{ ciphertext: 'ghxkK1txeDNn3q8' }, 'HTTP 200, ciphertext: not the Base64 of any length'],
  [{ ciphertext: 'ghxkK1txeDNn3q-_' }, 'HTTP 200, ciphertext: not the Base64 of any length'],
  [{ authenticationTag: undefined }, 'HTTP 200, authenticationTag: Invalid input: expected string, received undefined'],
])('refuses a ciphertext with %j', (change, detail) => {
  expect(failureOf(() => readCiphertext(answer({ ...sealed, ...change }), plaintext, aad))).toEqual(invalid(detail));
});

it('reads a plaintext with the length of the ciphertext', () => {
  const ciphertext = Buffer.alloc(3);
  expect(readPlaintext(answer({ plaintext: 'YWJj' }), ciphertext)).toEqual(Buffer.from('abc'));
  expect(failureOf(() => readPlaintext(answer({ plaintext: 'YWI=' }), ciphertext))).toEqual(
    invalid('plaintext: 2 bytes, not 3'),
  );
});

it('reads the health of a proxy while one external key manager serves', () => {
  const read = readHealthStatus(answer({ ...health, more: true }));
  expect(read).toEqual(health);
  expect(() => {
    requireEkm(read);
  }).not.toThrow();
});

it('reports that no external key manager serves', () => {
  const ekmFleetDetails = health.ekmFleetDetails.slice(0, 1);
  const unavailable = readHealthStatus(answer({ ...health, ekmFleetDetails }));
  const check = (): void => {
    requireEkm(unavailable);
  };
  expect(failureOf(check)).toEqual({
    reason: 'EkmUnavailable',
    detail: 'all external key managers are UNAVAILABLE',
  });
});

const [detail] = health.ekmFleetDetails;
it.each<[object, string]>([
  [{ xksProxyFleetSize: 0 }, 'xksProxyFleetSize: Too small: expected number to be >=1'],
  [{ xksProxyFleetSize: 1.5 }, 'xksProxyFleetSize: Invalid input: expected int, received number'],
  [{ xksProxyVendor: 7 }, 'xksProxyVendor: Invalid input: expected string, received number'],
  [{ ekmFleetDetails: [] }, 'ekmFleetDetails: Too small: expected array to have >=1 items'],
  [{ ekmFleetDetails: Array(11).fill(detail) }, 'ekmFleetDetails: Too big: expected array to have <=10 items'],
  [
    { ekmFleetDetails: [{ ...detail, healthStatus: 'GOOD' }] },
    'ekmFleetDetails.0.healthStatus: Invalid option: expected one of "ACTIVE"|"DEGRADED"|"UNAVAILABLE"',
  ],
])('refuses a health status with %j', (change, problem) => {
  expect(failureOf(() => readHealthStatus(answer({ ...health, ...change })))).toEqual(invalid(`HTTP 200, ${problem}`));
});

it('reads the metadata of an external key without change', () => {
  const read = { keySpec: 'AES_128', keyUsage: ['SIGN'], keyStatus: 'DISABLED' };
  expect(readKeyMetadata(answer(read))).toEqual(read);
});

it.each<[object, string]>([
  [{ keyStatus: 'BLOCKED' }, 'keyStatus: Invalid option: expected one of "ENABLED"|"DISABLED"'],
  [{ keyUsage: 'ENCRYPT' }, 'keyUsage: Invalid input: expected array, received string'],
  [{ keyUsage: Array(11).fill('ENCRYPT') }, 'keyUsage: Too big: expected array to have <=10 items'],
  [
    { keySpec: 1, keyStatus: 'ENABLED', keyUsage: [1] },
    'keySpec: Invalid input: expected string, received number; keyUsage.0: Invalid input: expected string, received number',
  ],
])('refuses metadata with %j', (change, problem) => {
  expect(failureOf(() => readKeyMetadata(answer({ ...metadata, ...change })))).toEqual(invalid(`HTTP 200, ${problem}`));
});

describe('an answer that violates the specification:', () => {
  it.each<[string, HttpAnswer, string]>([
    ['not JSON', answer(Buffer.from('{"plaintext":"YWJj')), 'HTTP 200, not JSON'],
    ['nothing', answer(Buffer.alloc(0)), 'HTTP 200, not JSON'],
    ['not UTF-8', answer(Buffer.from('{"plaintext":"\xff"}', 'latin1')), 'HTTP 200, not UTF-8'],
    ['an array', answer([]), 'HTTP 200, body: Invalid input: expected object, received array'],
    ['null', answer(null), 'HTTP 200, body: Invalid input: expected object, received null'],
    ['another content type', answer({}, 200, 'text/html\r\n'), 'HTTP 200, content type: text/html??'],
    ['a longer content type', answer({}, 200, 'application/jsonp'), 'HTTP 200, content type: application/jsonp'],
    ['no content', { status: 204, contentType: undefined, body: Buffer.alloc(0) }, 'HTTP 204, content type: none'],
    ['a redirect', answer({}, 302), 'HTTP 302, errorName: not an error of the specification'],
    ['a gateway', answer(Buffer.from('<html>'), 502, 'text/html'), 'HTTP 502, content type: text/html'],
    ['no errorName', answer({ errorMessage: 'Oops' }, 500), 'HTTP 500, errorName: not an error of the specification'],
    [
      'another errorName',
      answer({ errorName: 'toString' }, 500),
      'HTTP 500, errorName: not an error of the specification',
    ],
    [
      'an errorMessage with another type',
      answer({ errorName: 'InternalException', errorMessage: 7 }, 500),
      'HTTP 500, errorMessage: Invalid input: expected string, received number',
    ],
    [
      'an error with the status of another error',
      answer({ errorName: 'AccessDeniedException' }, 400),
      'HTTP 400, errorName: AccessDeniedException has another status',
    ],
    [
      'an error as a success',
      answer({ errorName: 'InternalException' }),
      'HTTP 200, plaintext: Invalid input: expected string, received undefined',
    ],
  ])('%s', (_what, received, detail) => {
    expect(failureOf(() => readPlaintext(received, Buffer.alloc(3)))).toEqual(invalid(detail));
  });

  it('thousands of arrays in each other', () => {
    const deep = Buffer.from('['.repeat(32_000) + ']'.repeat(32_000));
    expect(failureOf(() => readKeyMetadata(answer(deep)))).toEqual(
      invalid('HTTP 200, body: Invalid input: expected object, received array'),
    );
  });
});

it.each([
  [400, 'ValidationException'],
  [400, 'InvalidStateException'],
  [400, 'InvalidCiphertextException'],
  [400, 'InvalidKeyUsageException'],
  [401, 'AuthenticationFailedException'],
  [403, 'AccessDeniedException'],
  [404, 'KeyNotFoundException'],
  [404, 'InvalidUriPathException'],
  [429, 'ThrottlingException'],
  [500, 'InternalException'],
  [501, 'UnsupportedOperationException'],
  [503, 'DependencyTimeoutException'],
])('reads the error %i %s', (status, errorName) => {
  const errorMessage = `No.\n\x1b[31m${'é'.repeat(600)}`;
  expect(failureOf(() => readKeyMetadata(answer({ errorName, errorMessage }, status, 'Application/JSON;v=1')))).toEqual(
    { reason: errorName, detail: `No.??[31m${'?'.repeat(503)}` },
  );
  for (const body of [{ errorName }, { errorName, errorMessage: '' }]) {
    const detail = 'no errorMessage';
    expect(failureOf(() => readKeyMetadata(answer(body, status)))).toEqual({ reason: errorName, detail });
  }
});

describe('any answer', () => {
  const readers: readonly ((received: HttpAnswer) => unknown)[] = [
    readHealthStatus,
    readKeyMetadata,
    (received) => readCiphertext(received, plaintext, aad),
    (received) => readPlaintext(received, plaintext),
  ];
  const members = { ...health, ...metadata, ...sealed, plaintext: sealed.ciphertext };
  const almost = fc
    .record(
      Object.fromEntries(
        Object.entries({ ...members, errorName: 'InternalException', errorMessage: 'No.' }).map(([name, value]) => [
          name,
          fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>(value) }, fc.jsonValue(), fc.base64String()),
        ]),
      ),
      { requiredKeys: [] },
    )
    .map((body) => Buffer.from(JSON.stringify(body)));
  const body = fc.oneof(
    almost,
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
  );
  const status = fc.oneof(fc.constantFrom(200, 200, 400, 401, 403, 404, 429, 500, 501, 503), fc.nat(999));
  const contentType = fc.oneof(
    { weight: 9, arbitrary: fc.constant('application/json') },
    fc.option(fc.string(), { nil: undefined }),
  );

  it('becomes a valid value of a 200, or an XksProxyFailure that can be logged', () => {
    fc.assert(
      fc.property(fc.record({ status, contentType, body }), fc.constantFrom(...readers), (received, read) => {
        let value: unknown;
        try {
          value = read(received);
        } catch (error) {
          if (!(error instanceof XksProxyFailure)) throw error;
          expect(error.detail).toMatch(/^[\x20-\x7e]{1,512}$/);
          return;
        }
        expect(received.status).toBe(200);
        expect(value).toBeTypeOf('object');
      }),
      { numRuns: 2_000 },
    );
  });
});
