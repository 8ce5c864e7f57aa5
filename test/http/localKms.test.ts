import { DatabaseSync } from 'node:sqlite';
import request from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RequestAccess } from '../../src/kms/access/requestAccess.ts';
import { KMS_ERROR_STATUS, KmsError, type KmsErrorName } from '../../src/kms/kmsError.ts';
import { encryptionContext, keyId } from '../../src/kms/operations/members.ts';
import { operation, type KmsRequest } from '../../src/kms/operations/operation.ts';
import { ACCESS_KEY_ID, ALICE, authorization, KmsAppUnderTest, UUID } from '../support/kmsAppUnderTest.ts';

const WRONG_TARGET =
  'The X-Amz-Target of a request must be TrentService. and an operation of KMS, or BaldrApiService. and an operation of CloudHSM';

let app: KmsAppUnderTest;
let requests: KmsRequest[];
beforeEach(() => {
  requests = [];
  app = new KmsAppUnderTest({
    Encrypt: operation(
      z.object({ KeyId: keyId, EncryptionContext: encryptionContext.optional() }),
      (_kms, input, received) => {
        requests.push(received);
        received.note({ customKeyStoreId: 'cks-1', xksKeyId: 'foo' });
        const { KeyId } = input;
        return { KeyId, CiphertextBlob: Buffer.from([1, 2, 255]), at: new Date(1_767_225_600_123), none: undefined };
      },
    ),
    EnableKey: () => Promise.resolve(undefined),
    Decrypt: (_kms, _input, { note }) => {
      note({ customKeyStoreId: 'cks-1', xksKeyId: 'foo' });
      return Promise.reject(
        new KmsError('KMSInvalidStateException', 'cannot be used', { detail: 'said by the proxy' }),
      );
    },
    ListKeys: () => Promise.reject(new TypeError('quotes a plaintext')),
    DescribeKey: () => Promise.resolve({ number: 1n }),
  });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly headers: unknown;
}

function expectError(answer: Answer, errorName: KmsErrorName, message: string): void {
  expect(JSON.parse(answer.text)).toEqual({ __type: errorName, message });
  expect(answer.status).toBe(KMS_ERROR_STATUS[errorName]);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-errortype': errorName,
    'x-amzn-requestid': expect.stringMatching(UUID) as string,
  });
}

describe('an answer', () => {
  it('has blobs in Base64, times in seconds and no undefined members', async () => {
    const answer = await app.call('Encrypt', { KeyId: 'k' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/x-amz-json-1.1' });
    expect(answer.text).toBe('{"KeyId":"k","CiphertextBlob":"AQL/","at":1767225600.123}');
    expect(requests).toEqual([
      {
        requestId: answer.headers['x-amzn-requestid'],
        caller: { awsPrincipalArn: ALICE },
        access: expect.any(RequestAccess) as unknown,
        note: expect.any(Function) as unknown,
        noteResource: expect.any(Function) as unknown,
        noteInput: expect.any(Function) as unknown,
      },
    ]);
    expect(requests[0]?.requestId).toMatch(UUID);
  });

  it('has no body if the operation has no output', async () => {
    const answer = await app.call('EnableKey', '{}');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-length': '0', 'content-type': 'application/x-amz-json-1.1' });
    expect(answer.text).toBe('');
  });

  it('is also sent if the Content-Type has parameters', async () => {
    const type = 'application/x-amz-json-1.1; charset=utf-8';
    expect((await app.call('EnableKey', '{}', { 'Content-Type': type })).status).toBe(200);
  });

  it('is sent after the keys that are due have been deleted', async () => {
    const { customKeyStoreId } = app.kms.addKeyStore();
    app.kms.addKey(customKeyStoreId, { state: 'PendingDeletion', deletionDate: app.kms.now });
    await app.call('EnableKey', '{}');
    expect(app.kms.state.keys.ids()).toEqual([]);
  });
});

describe('an operation', () => {
  it.each([
    'Foo',
    '',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    'encrypt',
    'Encrypt ',
    'Encrypt,TrentService.Encrypt',
    'Encrypt/',
    'E'.repeat(8_000),
  ])('%j is unknown', async (name) => {
    const target = name === 'Encrypt ' ? 'TrentService. Encrypt' : `TrentService.${name}`;
    expectError(await app.call('', '{}', { 'X-Amz-Target': target }), 'UnknownOperationException', WRONG_TARGET);
  });

  it.each([undefined, 'Encrypt', 'TrentService', 'DynamoDB_20120810.Encrypt', 'trentservice.Encrypt'])(
    'is unknown if X-Amz-Target is %j',
    async (target) => {
      expectError(await app.call('', '{}', { 'X-Amz-Target': target }), 'UnknownOperationException', WRONG_TARGET);
    },
  );

  it.each([undefined, 'application/json', 'application/x-amz-json-1.0', 'application/x-amz-json-1.10', 'text/plain'])(
    'is unknown if Content-Type is %j',
    async (type) => {
      const message = 'The Content-Type of a request must be application/x-amz-json-1.1';
      expectError(await app.call('Encrypt', '{}', { 'Content-Type': type }), 'UnknownOperationException', message);
    },
  );

  it('that the local KMS lacks is unsupported, if the caller is authenticated', async () => {
    const message = 'The local KMS does not support the operation GenerateMac';
    expectError(await app.call('GenerateMac', '{}'), 'UnsupportedOperationException', message);
    const unsigned = await app.call('GenerateMac', '{}', { Authorization: undefined });
    expectError(unsigned, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  });
});

describe('CloudHSM, on the same port,', () => {
  const Authorization = authorization({ scope: '20260101/us-east-1/cloudhsm/aws4_request' });
  const call = (name: string, headers: Record<string, string> = {}) =>
    app.call('', '{}', { 'X-Amz-Target': `BaldrApiService.${name}`, Authorization, ...headers });

  it('accepts requests with its own target and credential scope', async () => {
    expect((await call('EnableKey')).status).toBe(200);
    const scoped = await call('EnableKey', { Authorization: authorization() });
    const message = "Credential should be scoped to correct service: 'cloudhsm'.";
    expectError(scoped, 'InvalidSignatureException', message);
  });

  it('answers that an operation is unsupported', async () => {
    const message = 'The local KMS does not support the operation CopyBackupToRegion';
    expectError(await call('CopyBackupToRegion'), 'UnsupportedOperationException', message);
    expectError(await call('GenerateMac'), 'UnknownOperationException', WRONG_TARGET);
  });

  it('has its own exception for failures that no operation foresees', async () => {
    expectError(await call('ListKeys'), 'CloudHsmInternalFailureException', 'The local KMS failed.');
    expect(app.logged.at(-1)).toMatchObject({
      level: 'error',
      record: { errorCode: 'CloudHsmInternalFailureException' },
    });
  });
});

describe('authentication', () => {
  const algorithm = 'The algorithm of the Authorization header must be AWS4-HMAC-SHA256.';
  const form = 'SignedHeaders must be lower-case names of headers, and Signature 64 hexadecimal digits.';
  const elements = 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.';
  const requires = (name: string) => `Authorization header requires '${name}' parameter.`;
  const requiresAll = ['Credential', 'Signature', 'SignedHeaders'].map(requires).join(' ');

  it.each<[header: string | undefined, KmsErrorName, message: string]>([
    [undefined, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
    ['', 'IncompleteSignatureException', algorithm],
    ['Basic YTpi', 'IncompleteSignatureException', algorithm],
    ['AWS4-HMAC-SHA256', 'IncompleteSignatureException', algorithm],
    ['AWS4-HMAC-SHA256 x', 'IncompleteSignatureException', requiresAll],
    ['AWS4-HMAC-SHA256 __proto__=x,constructor=y', 'IncompleteSignatureException', requiresAll],
    [`AWS4-HMAC-SHA256 ${',='.repeat(4_000)}`, 'IncompleteSignatureException', requiresAll],
    [authorization().replace(/, Signature=.*/, ''), 'IncompleteSignatureException', requires('Signature')],
    [authorization({ signature: 'ab' }), 'IncompleteSignatureException', form],
    [authorization({ signedHeaders: 'Host' }), 'IncompleteSignatureException', form],
    [authorization({ signedHeaders: `${'a;'.repeat(5_000)}!` }), 'IncompleteSignatureException', form],
    [authorization({ scope: '20260101/us-east-1/kms' }), 'IncompleteSignatureException', elements],
    [authorization({ scope: '20260101/us-east-1/kms/aws4_request/x' }), 'IncompleteSignatureException', elements],
    [authorization({ scope: '2026-1-1/us-east-1/kms/aws4_request' }), 'IncompleteSignatureException', elements],
    [authorization({ accessKeyId: '' }), 'IncompleteSignatureException', elements],
    [authorization({ accessKeyId: 'A'.repeat(129) }), 'IncompleteSignatureException', elements],
    [
      authorization({ scope: '20260101/us-east-1/kms/aws3_request' }),
      'InvalidSignatureException',
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'.",
    ],
    [
      authorization({ scope: '20260101/us-east-1/s3/aws4_request' }),
      'InvalidSignatureException',
      "Credential should be scoped to correct service: 'kms'.",
    ],
    [
      authorization({ scope: '20260101/eu-west-1/kms/aws4_request' }),
      'InvalidSignatureException',
      "Credential should be scoped to a valid region: 'us-east-1'.",
    ],
  ])('%.80s: %s', async (header, errorName, message) => {
    expectError(await app.call('Encrypt', { KeyId: 'k' }, { Authorization: header }), errorName, message);
    expect(requests).toEqual([]);
  });

  it('needs a date', async () => {
    const message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
    const answer = await app.call('Encrypt', { KeyId: 'k' }, { 'X-Amz-Date': undefined });
    expectError(answer, 'IncompleteSignatureException', message);
  });

  it('does not accept a signature in the query', async () => {
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${ACCESS_KEY_ID}&X-Amz-Signature=${'ab'.repeat(32)}`;
    const answer = await request(app.listener)
      .post(`/?${query}`)
      .set({ 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'TrentService.EnableKey' })
      .send('{}');
    expectError(answer, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  });

  it('distinguishes callers by their access key id', async () => {
    await app.call('Encrypt', { KeyId: 'k' }, { Authorization: authorization({ accessKeyId: 'BOB' }) });
    expect(requests[0]?.caller).toEqual({ awsPrincipalArn: 'BOB' });
  });
});

describe('a body', () => {
  const json = 'The request body is not JSON';
  const object = 'The request body must be a JSON object';
  const utf8 = 'The request body is not UTF-8';
  const deep = 'The request is nested too deeply';
  const surrogate = 'The request contains an unpaired surrogate';
  it.each<[what: string, body: string | Buffer, message: string]>([
    ['nothing', '', json],
    ['text', 'KeyId=k', json],
    ['NUL', '{"KeyId":"k"}\0', json],
    ['a NUL in a text', '{"KeyId":"\0"}', json],
    ['a byte order mark', '\ufeff{"KeyId":"k"}', json],
    ['two objects', '{"KeyId":"k"}{}', json],
    ['half an array of arrays', '['.repeat(500_000), json],
    ['null', 'null', object],
    ['an array', '[]', object],
    ['arrays in arrays', `${'['.repeat(400_000)}${']'.repeat(400_000)}`, object],
    ['bytes that are not UTF-8', Buffer.from([...Buffer.from('{"KeyId":"'), 0xff, ...Buffer.from('"}')]), utf8],
    ['an overlong NUL', Buffer.from([...Buffer.from('{"KeyId":"'), 0xc0, 0x80, ...Buffer.from('"}')]), utf8],
    ['arrays in an unknown member', `{"KeyId":"k","x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`, deep],
    ['objects in objects', `{"KeyId":"k","x":${'{"x":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, deep],
    ['half a surrogate pair', String.raw`{"KeyId":"\ud800"}`, surrogate],
    ['half a surrogate pair in a name', String.raw`{"KeyId":"k","EncryptionContext":{"\udfff":"x"}}`, surrogate],
    ['__proto__ for its members', '{"__proto__":{"KeyId":"k"}}', 'A member cannot have the name __proto__'],
    [
      '__proto__ in an encryption context',
      '{"KeyId":"k","EncryptionContext":{"__proto__":"x"}}',
      'A member cannot have the name __proto__',
    ],
    ['another type', '{"KeyId":{"toString":"k"}}', 'The type of keyId is not the one expected'],
    [
      'another type in a map',
      '{"KeyId":"k","EncryptionContext":{"a":1}}',
      'The type of encryptionContext.a is not the one expected',
    ],
  ])('of %s is answered with SerializationException', async (_what, body, message) => {
    expectError(await app.call('Encrypt', body), 'SerializationException', message);
    expect(requests).toEqual([]);
  });

  it.each([
    ['duplicate members, of which the last counts', '{"KeyId":"a","KeyId":"k"}'],
    ['members that are unknown', '{"KeyId":"k","constructor":1,"toString":null,"x":[{"y":1e999}]}'],
    ['names of JavaScript in a map', '{"KeyId":"k","EncryptionContext":{"constructor":"x","toString":"y"}}'],
  ])('may have %s', async (_what, body) => {
    expect(JSON.parse((await app.call('Encrypt', body)).text)).toMatchObject({ KeyId: 'k' });
  });

  it('that breaks a constraint is answered with ValidationException', async () => {
    const message =
      "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: " +
      'Member must have length greater than or equal to 1';
    expectError(await app.call('Encrypt', { KeyId: '' }), 'ValidationException', message);
  });

  it('is refused if it is compressed', async () => {
    const answer = await app.call('Encrypt', '{}', { 'Content-Encoding': 'gzip' });
    expectError(answer, 'SerializationException', 'A request body with a Content-Encoding is not accepted');
  });

  it('may have 1 MiB', async () => {
    const body = JSON.stringify({ KeyId: 'k', x: '' });
    const filled = (bytes: number) => body.replace('""', `"${'a'.repeat(bytes - body.length)}"`);
    expect((await app.call('Encrypt', filled(1_048_576))).status).toBe(200);
    expectError(
      await app.call('Encrypt', filled(1_048_577)),
      'RequestEntityTooLargeException',
      'The request body has more than 1048576 bytes',
    );
    const large = await app.call('Encrypt', filled(20_000_000));
    expect(large.status).toBe(413);
  });
});

describe('the record of a call', () => {
  it('has the caller, the operation, and the fields that the operation noted', async () => {
    const { headers } = await app.call('Encrypt', { KeyId: 'k', Plaintext: 'c2VjcmV0' });
    expect(app.logged).toEqual([
      {
        level: 'info',
        message: 'call',
        record: {
          eventName: 'Encrypt',
          userIdentity: { arn: ALICE },
          requestID: (headers as Record<string, string>)['x-amzn-requestid'],
          additionalEventData: { customKeyStoreId: 'cks-1', xksKeyId: 'foo' },
        },
      },
    ]);
  });

  it('has the failure, and a detail that is not for the caller', async () => {
    expectError(await app.call('Decrypt', '{}'), 'KMSInvalidStateException', 'cannot be used');
    expect(app.logged).toEqual([
      {
        level: 'warn',
        message: 'call',
        record: {
          eventName: 'Decrypt',
          userIdentity: { arn: ALICE },
          requestID: expect.stringMatching(UUID) as string,
          additionalEventData: { customKeyStoreId: 'cks-1', xksKeyId: 'foo' },
          errorCode: 'KMSInvalidStateException',
          errorMessage: 'cannot be used',
          detail: 'said by the proxy',
        },
      },
    ]);
  });

  it('has the place of an unforeseen failure, which the answer does not have', async () => {
    expectError(await app.call('ListKeys', '{}'), 'KMSInternalException', 'The local KMS failed.');
    expect(app.logged).toMatchObject([
      {
        level: 'error',
        record: {
          eventName: 'ListKeys',
          errorCode: 'KMSInternalException',
          detail: expect.stringMatching(/^TypeError at /) as string,
        },
      },
    ]);
    expect(JSON.stringify(app.logged)).not.toContain('quotes');
  });

  it('says that the disk is full', async () => {
    const database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE things (thing BLOB); PRAGMA max_page_count = 2');
    const full = new KmsAppUnderTest({
      ListKeys: async () => {
        await Promise.resolve();
        database.prepare('INSERT INTO things VALUES (?)').run(Buffer.alloc(100_000));
        return {};
      },
    });
    expectError(await full.call('ListKeys', '{}'), 'KMSInternalException', 'The local KMS failed.');
    expect(full.logged).toMatchObject([
      {
        level: 'error',
        record: {
          detail: expect.stringMatching(/^Error ERR_SQLITE_ERROR database or disk is full at /) as string,
        },
      },
    ]);
  });

  it('is also written for an output that is not JSON', async () => {
    expectError(await app.call('DescribeKey', '{}'), 'KMSInternalException', 'The local KMS failed.');
    expect(app.logged).toMatchObject([{ level: 'error', record: { eventName: 'DescribeKey' } }]);
  });

  it('of a request that is not a call has no caller, and quotes nothing', async () => {
    await app.call('Foo', '{"Plaintext":"c2VjcmV0"', { Authorization: 'Basic secret' });
    expect(app.logged).toEqual([
      {
        level: 'warn',
        message: 'call',
        record: {
          eventName: undefined,
          userIdentity: undefined,
          requestID: expect.stringMatching(UUID) as string,
          errorCode: 'UnknownOperationException',
          errorMessage: WRONG_TARGET,
          detail: undefined,
        },
      },
    ]);
    await app.call('Encrypt', '{"Plaintext":"c2VjcmV0"');
    expect(JSON.stringify(app.logged)).not.toMatch(/secret|c2VjcmV0/);
  });

  it('shortens a message that quotes the request', async () => {
    const answer = await app.call('Encrypt', { KeyId: 'k'.repeat(500_000) });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(app.logged).length).toBeLessThan(3_000);
  });
});

describe('the event of a call', () => {
  it('is written before the answer, also for a call that fails', async () => {
    const { headers } = await app.call('Encrypt', { KeyId: 'k', Plaintext: 'c2VjcmV0', EncryptionContext: { a: 'b' } });
    await app.call('Decrypt', '{}');
    await app.call('ListKeys', '{}');
    await app.call('Encrypt', { KeyId: '' }, { 'User-Agent': 'test' });
    const common = { userIdentity: { arn: ALICE, accessKeyId: ACCESS_KEY_ID }, sourceIPAddress: '127.0.0.1' };
    expect(app.events.latest).toMatchObject([
      {
        ...common,
        eventName: 'Encrypt',
        requestID: (headers as Record<string, string>)['x-amzn-requestid'],
        requestParameters: { keyId: 'k', encryptionContext: { a: 'b' } },
        additionalEventData: { customKeyStoreId: 'cks-1', xksKeyId: 'foo' },
      },
      { ...common, eventName: 'Decrypt', errorCode: 'KMSInvalidStateException', errorMessage: 'cannot be used' },
      { ...common, eventName: 'ListKeys', errorCode: 'KMSInternalException', errorMessage: 'The local KMS failed.' },
      { ...common, eventName: 'Encrypt', errorCode: 'ValidationException', requestParameters: null, userAgent: 'test' },
    ]);
    expect(JSON.stringify(app.events.latest)).not.toMatch(/c2VjcmV0|said by the proxy|quotes/);
  });

  it('names the service', async () => {
    await app.call('', '{}', {
      'X-Amz-Target': 'BaldrApiService.EnableKey',
      Authorization: authorization({ scope: '20260101/us-east-1/cloudhsm/aws4_request' }),
    });
    expect(app.events.latest).toMatchObject([{ eventSource: 'cloudhsm.amazonaws.com', requestParameters: null }]);
  });

  it('is not written for a request that names no operation or is not signed', async () => {
    await app.call('Foo', '{}');
    await app.call('Encrypt', { KeyId: 'k' }, { Authorization: undefined });
    expect(app.events.latest).toEqual([]);
  });
});

describe('beside the API', () => {
  it('GET / describes the server', async () => {
    const answer = await request(app.listener).get('/').set('Host', 'localhost:8080');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8' });
    expect(answer.text).toBe(
      'The local KMS of xks-proxy, account 111122223333. Try: aws kms list-keys --region us-east-1 --endpoint-url http://localhost:8080\n',
    );
  });

  it('GET /metrics gives the metrics', async () => {
    const answer = await request(app.listener).get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    expect(answer.text).toBe('# TYPE x counter\nx 1\n');
  });

  it('metrics that fail are answered with a bare 500', async () => {
    app.metrics = () => Promise.reject(new Error('quotes a secret'));
    const answer = await request(app.listener).get('/metrics');
    expect(answer.status).toBe(500);
    expect(answer.text).toBe('failed\n');
    expect(app.logged).toMatchObject([{ level: 'error', record: { requestID: answer.headers['x-amzn-requestid'] } }]);
    expect(JSON.stringify(app.logged)).not.toContain('quotes');
  });

  it.each([
    ['get', '/health'],
    ['get', '/Metrics'],
    ['get', '/metrics/'],
    ['get', '/%zz'],
    ['get', '/..%2f'],
    ['put', '/'],
    ['delete', '/'],
    ['post', '/metrics'],
    ['post', '/kms'],
  ] as const)('%s %s is not found', async (method, path) => {
    const answer = await request(app.listener)[method](path);
    expect(answer.status).toBe(404);
    expect(answer.text).toBe('not found\n');
    expect(answer.headers).toMatchObject({ 'x-amzn-requestid': expect.stringMatching(UUID) as string });
  });

  it('calls from pages of browsers are refused', async () => {
    const answer = await request(app.listener).options('/').set('Origin', 'https://example.com');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
