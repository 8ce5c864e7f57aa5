import request from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { XksError, XKS_ERROR_STATUS, type XksErrorName } from '../../src/xks/errors.ts';
import { base64, encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { PREFIX } from '../support/signedRequest.ts';

let proxy: ProxyUnderTest;
beforeEach(() => {
  proxy = new ProxyUnderTest();
});

const decryptBody = {
  requestMetadata,
  encryptionAlgorithm: 'AES_GCM',
  ciphertext: base64(12),
  initializationVector: base64(12),
  authenticationTag: base64(16),
};

function without(object: Readonly<Record<string, unknown>>, field: string): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== field));
}

function expectError(response: { status: number; body: unknown; headers: unknown }, errorName: XksErrorName): void {
  expect(response.body).toEqual({ errorName, errorMessage: expect.stringMatching(/^[\x20-\x7e]{1,511}$/) as string });
  expect(response.status).toBe(XKS_ERROR_STATUS[errorName]);
  expect(response.headers).toMatchObject({ 'content-type': 'application/json' });
}

describe('ValidationException is the answer to', () => {
  const invalid: [what: string, path: string, body: unknown][] = [
    ['no body', paths.encrypt, ''],
    ['text', paths.encrypt, 'hello'],
    ['an array', paths.encrypt, [encryptBody]],
    ['null', paths.encrypt, 'null'],
    ['a byte order mark', paths.encrypt, `\ufeff${JSON.stringify(encryptBody)}`],
    ['bytes that are not UTF-8', paths.encrypt, Buffer.from([0x7b, 0xff, 0x7d])],
    ['deep nesting', paths.encrypt, '['.repeat(60_000)],
    ['deep nesting of a field', paths.health, `{"requestMetadata":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`],
    ['__proto__ for fields', paths.encrypt, `{"__proto__":${JSON.stringify(encryptBody)}}`],
    ['__proto__ for metadata', paths.health, `{"requestMetadata":{"__proto__":${JSON.stringify(healthMetadata)}}}`],
    ['an empty object', paths.health, {}],
    ['empty metadata', paths.health, { requestMetadata: {} }],
    ['metadata of another type', paths.health, { requestMetadata: 'KmsHealthCheck' }],
    ['metadata in an array', paths.health, { requestMetadata: [healthMetadata] }],
    ...['kmsRequestId', 'kmsOperation'].flatMap((field): [string, string, unknown][] => [
      [`no ${field} (health)`, paths.health, { requestMetadata: without(healthMetadata, field) }],
      [`a number for ${field}`, paths.health, { requestMetadata: { ...healthMetadata, [field]: 1 } }],
      [`no ${field} (metadata)`, paths.metadata, { requestMetadata: without(requestMetadata, field) }],
    ]),
    ['no awsPrincipalArn', paths.metadata, { requestMetadata: without(requestMetadata, 'awsPrincipalArn') }],
    ['null for an optional field', paths.metadata, { requestMetadata: { ...requestMetadata, awsSourceVpc: null } }],
    ...['kmsRequestId', 'kmsOperation', 'awsPrincipalArn', 'kmsKeyArn'].flatMap(
      (field): [string, string, unknown][] => {
        const lacking = without(requestMetadata, field);
        return [
          [`no ${field} (encrypt)`, paths.encrypt, { ...encryptBody, requestMetadata: lacking }],
          [`no ${field} (decrypt)`, paths.decrypt, { ...decryptBody, requestMetadata: lacking }],
        ];
      },
    ),
    ...Object.keys(encryptBody).map((field): [string, string, unknown] => [
      `no ${field} (encrypt)`,
      paths.encrypt,
      without(encryptBody, field),
    ]),
    ...Object.keys(decryptBody).map((field): [string, string, unknown] => [
      `no ${field} (decrypt)`,
      paths.decrypt,
      without(decryptBody, field),
    ]),
    ['another algorithm', paths.encrypt, { ...encryptBody, encryptionAlgorithm: 'AES_CBC' }],
    ['another algorithm (decrypt)', paths.decrypt, { ...decryptBody, encryptionAlgorithm: 'aes_gcm' }],
    ['another CDIV algorithm', paths.encrypt, { ...encryptBody, ciphertextDataIntegrityValueAlgorithm: 'SHA_1' }],
    ['an object for plaintext', paths.encrypt, { ...encryptBody, plaintext: { toString: 'x' } }],
    ['ciphertextMetadata of 21 bytes', paths.decrypt, { ...decryptBody, ciphertextMetadata: base64(21) }],
    ...['AA', 'AAA', 'AA=', 'AA==\n', ' AA==', 'A_-A', 'AB==', '====', 'AAAA====', 'é===', 'AAA\0'].flatMap(
      (text): [string, string, unknown][] => [
        [`Base64 ${JSON.stringify(text)} for plaintext`, paths.encrypt, { ...encryptBody, plaintext: text }],
        [`Base64 ${JSON.stringify(text)} for the tag`, paths.decrypt, { ...decryptBody, authenticationTag: text }],
      ],
    ),
  ];
  it.each(invalid)('%s', async (_what, path, body) => {
    expectError(await proxy.post(path, body), 'ValidationException');
    expect((await proxy.post(paths.encrypt, encryptBody)).status).toBe(200);
  });

  it('an invalid request, whose record has the valid parts of its requestMetadata', async () => {
    await proxy.post(paths.encrypt, { ...encryptBody, plaintext: '!' });
    expect(proxy.lastLogged?.record).toMatchObject({ requestMetadata, errorName: 'ValidationException' });
  });

  it('a request with a Content-Encoding', async () => {
    expectError(
      await proxy.post(paths.encrypt, encryptBody, { unsigned: { 'Content-Encoding': 'gzip' } }),
      'ValidationException',
    );
  });
});

describe('UnsupportedOperationException is the answer to', () => {
  it.each([
    ['plaintext of 4,301 bytes', paths.encrypt, { ...encryptBody, plaintext: base64(4301) }],
    ['ciphertext of 4,301 bytes', paths.decrypt, { ...decryptBody, ciphertext: base64(4301) }],
    ['AAD of 8,193 bytes', paths.encrypt, { ...encryptBody, additionalAuthenticatedData: base64(8193) }],
    ['AAD of 65,536 bytes', paths.encrypt, { ...encryptBody, additionalAuthenticatedData: base64(65_536) }],
    ['AAD of 8,193 bytes (decrypt)', paths.decrypt, { ...decryptBody, additionalAuthenticatedData: base64(8193) }],
    ['a body of 1 MB', paths.encrypt, { ...encryptBody, plaintext: base64(1_000_000) }],
  ])('%s', async (_what, path, body) => {
    expectError(await proxy.post(path, body), 'UnsupportedOperationException');
  });
});

describe('among the other errors,', () => {
  it.each<[XksErrorName, string, string, unknown]>([
    ['KeyNotFoundException', 'an unknown key', keyPath('nope', 'encrypt'), encryptBody],
    ['KeyNotFoundException', 'a key that the key manager lacks', keyPath('gone', 'encrypt'), encryptBody],
    ['InvalidStateException', 'a blocked key', keyPath('blocked', 'encrypt'), encryptBody],
    ['InvalidStateException', 'a blocked key (decrypt)', keyPath('blocked', 'decrypt'), decryptBody],
    ['InvalidStateException', 'a blocked key (metadata)', keyPath('blocked', 'metadata'), { requestMetadata }],
    ['InvalidKeyUsageException', 'a decrypt-only key', keyPath('decrypt-only', 'encrypt'), encryptBody],
    ['InvalidKeyUsageException', 'an encrypt-only key', keyPath('encrypt-only', 'decrypt'), decryptBody],
    [
      'InvalidKeyUsageException',
      'an encrypt-only key asked for a CDIV',
      keyPath('encrypt-only', 'encrypt'),
      { ...encryptBody, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
    ],
    ['InvalidUriPathException', 'an unknown prefix', `/unknown/kms/xks/v1/health`, { requestMetadata: healthMetadata }],
  ])('%s: %s', async (errorName, _what, path, body) => {
    expectError(await proxy.post(path, body), errorName);
  });

  it.each<XksErrorName>(['ThrottlingException', 'DependencyTimeoutException', 'InternalException'])(
    '%s of the key manager',
    async (errorName) => {
      proxy.keyManager.failure = new XksError(errorName, 'said by the key manager', { detail: 'for the log' });
      const response = await proxy.post(paths.encrypt, encryptBody);
      expectError(response, errorName);
      expect(JSON.stringify(response.body)).not.toContain('for the log');
      expect(proxy.lastLogged?.record).toMatchObject({ errorName, detail: 'for the log' });
    },
  );

  it('an unforeseen failure is a bare InternalException, and its message is never logged', async () => {
    proxy.keyManager.failure = new TypeError('quotes the plaintext');
    const response = await proxy.post(paths.encrypt, encryptBody);
    expectError(response, 'InternalException');
    expect(JSON.stringify([response.body, proxy.logged])).not.toContain('quotes');
    expect(proxy.lastLogged).toMatchObject({
      level: 'error',
      record: { detail: expect.stringMatching(/^TypeError at /) as string },
    });
  });
});

describe('paths', () => {
  it.each([
    '/',
    '/kms/xks/v1/health',
    `${PREFIX}/kms/xks/v1`,
    `${PREFIX}/kms/xks/v1/`,
    `${PREFIX}/kms/xks/v1/health/`,
    `${PREFIX}/kms/xks/v1/Health`,
    `${PREFIX}/KMS/xks/v1/health`,
    `${PREFIX}/kms/xks/v1//health`,
    `/${PREFIX}/kms/xks/v1/health`,
    `${PREFIX}/kms/xks/v1/health?x=1`,
    `${PREFIX}/kms/xks/v1/health%20`,
    `${PREFIX}/kms/xks/v1/%68ealth`,
    `${PREFIX}/kms/xks/v1/keys/foo`,
    `${PREFIX}/kms/xks/v1/keys/foo/sign`,
    `${PREFIX}/kms/xks/v1/keys/foo/encrypt/`,
    `${PREFIX}/kms/xks/v1/keys/foo/encrypt%2f`,
    `${PREFIX}/kms/xks/v1/keys/a%2Fb/encrypt`,
    `${PREFIX}/kms/xks/v1/keys/./encrypt`,
    `${PREFIX}/kms/xks/v1/keys/../encrypt`,
    `${PREFIX}/kms/xks/v1/keys/x/../foo/encrypt`,
    `${PREFIX}/kms/xks/v1/keys/%2e%2e/encrypt`,
    `${PREFIX}/kms/xks/v1/keys/f oo/encrypt`.replace(' ', '+'),
    `${PREFIX}/kms/xks/v1/keys/${'k'.repeat(129)}/encrypt`,
    `${PREFIX}/kms/xks/v2/health`,
  ])('%s is InvalidUriPathException, signed or not', async (path) => {
    expectError(await request(proxy.listener).post(path).send('{}'), 'InvalidUriPathException');
    expectError(await request(proxy.listener).get(path), 'InvalidUriPathException');
    expect(proxy.logged).toHaveLength(2);
  });

  it.each(['get', 'put', 'delete', 'patch', 'options'] as const)(
    '%s on an API path is answered with 405',
    async (method) => {
      for (const path of Object.values(paths)) {
        const response = await request(proxy.listener)[method](path);
        expect(response.status).toBe(405);
        expect(response.headers).toMatchObject({ allow: 'POST', 'content-length': '0' });
        expect(response.text).toBe('');
      }
    },
  );
});
