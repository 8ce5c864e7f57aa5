import { afterAll, beforeAll, expect, it } from 'vitest';
import { encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { OTHER_PREFIX, withSecret } from '../support/signedRequest.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import type { LogRecord } from '../support/processLog.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
});
afterAll(() => proxy.dispose());

const PLAINTEXT = 'attack at dawn, and tell no one';
const everything = {
  ...requestMetadata,
  awsSourceVpc: 'vpc-1234abcd',
  awsSourceVpce: 'vpce-1234abcd5678c90a',
  sourceIdentity: 'Bob',
};
const body = { ...encryptBody, requestMetadata: everything, plaintext: Buffer.from(PLAINTEXT).toString('base64') };

/** The only record of the request with this kmsRequestId. */
async function recordOf(kmsRequestId: string): Promise<LogRecord> {
  const has = (record: LogRecord) => JSON.stringify(record).includes(kmsRequestId);
  await expect.poll(() => proxy.log.filter(has)).toHaveLength(1);
  return proxy.log.find(has) ?? {};
}

it('a request that succeeds has one record, with all its metadata', async () => {
  const [first, second] = proxy.files.credentials;
  const { otherCredential: other } = proxy.files;
  const health = { requestMetadata: healthMetadata };
  for (const [operation, path, message, credential] of [
    ['Encrypt', paths.encrypt, body, first],
    ['Encrypt', paths.encrypt, body, second],
    ['Encrypt', keyPath('bar', 'encrypt', OTHER_PREFIX), body, other],
    ['GetKeyMetadata', paths.metadata, { requestMetadata: everything }, first],
    ['GetHealthStatus', paths.health, health, first],
  ] as const) {
    const kmsRequestId = crypto.randomUUID();
    const metadata = { ...message.requestMetadata, kmsRequestId };
    expect(await proxy.post(path, { ...message, requestMetadata: metadata }, { credential })).toMatchObject({
      status: 200,
    });
    const record = await recordOf(kmsRequestId);
    expect(record).toMatchObject({
      level: 'info',
      msg: 'request',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      requestMetadata: metadata,
      keyStore: credential === other ? 'second' : 'first',
      operation,
      accessKeyId: credential.accessKeyId,
      remoteAddress: '127.0.0.1',
      outcome: 'success',
      httpStatus: 200,
      durationMs: expect.any(Number) as number,
    });
    expect(record['requestMetadata']).toEqual(metadata);
    expect(record['errorName']).toBeUndefined();
    if (operation !== 'GetHealthStatus') {
      expect(record).toMatchObject({ keyManager: 'softhsm', externalKeyId: credential === other ? 'bar' : 'foo' });
    }
  }
});

it('a request that fails has one record, with its error', async () => {
  const sealed = await proxy.post(paths.encrypt, body);
  for (const [errorName, httpStatus, path, fields] of [
    ['InvalidCiphertextException', 400, paths.decrypt, { ...sealed.body, authenticationTag: 'A'.repeat(22) + '==' }],
    ['KeyNotFoundException', 404, keyPath('nope', 'encrypt'), {}],
    ['InvalidStateException', 400, keyPath('blocked', 'encrypt'), {}],
  ] as const) {
    const kmsRequestId = crypto.randomUUID();
    const metadata = { ...everything, kmsRequestId };
    const { body: answer } = await proxy.post(path, { ...body, ...fields, requestMetadata: metadata });
    expect(await recordOf(kmsRequestId)).toMatchObject({
      level: 'warn',
      requestMetadata: metadata,
      keyStore: 'first',
      outcome: 'failure',
      httpStatus,
      errorName,
      errorMessage: answer['errorMessage'],
      durationMs: expect.any(Number) as number,
    });
  }
});

it('if a request is not authenticated, none of its content is logged', async () => {
  const kmsRequestId = crypto.randomUUID();
  const credential = withSecret(proxy.files.credentials[0], 'x'.repeat(43));
  await proxy.post(paths.encrypt, { ...body, requestMetadata: { ...everything, kmsRequestId } }, { credential });
  const { requestMetadata: metadata, accessKeyId } = await proxy.logged({
    errorName: 'AuthenticationFailedException',
    httpStatus: 401,
    keyStore: 'first',
    operation: 'Encrypt',
    outcome: 'failure',
  });
  expect([metadata, accessKeyId]).toEqual([undefined, undefined]);
  expect(proxy.output).not.toContain(kmsRequestId);
});

it('if the client leaves before the end of its request, the request has one record', async () => {
  const [credential] = proxy.files.credentials;
  const connection = new RawConnection(proxy.port);
  await connection.send(rawPost({ credential, payload: '{' }));
  await proxy.proveService();
  connection.reset();
  await proxy.logged({ outcome: 'aborted', keyStore: 'first', operation: 'Encrypt' });
  expect(proxy.log.filter(({ outcome }) => outcome === 'aborted')).toHaveLength(1);
});

it('the log contains no plaintext, secret, PIN or signature', async () => {
  const sealed = await proxy.post(paths.encrypt, body);
  await proxy.post(paths.decrypt, { ...body, ...sealed.body });
  // Messages must not quote the content of refused requests.
  const quoted = Buffer.from(PLAINTEXT).toString('base64url');
  await proxy.post(paths.encrypt, { ...body, plaintext: `${quoted}=` });
  await proxy.post(paths.encrypt, { ...body, encryptionAlgorithm: PLAINTEXT });
  await proxy.post(paths.encrypt, `{"plaintext":"${PLAINTEXT}"`);
  await proxy.post(paths.encrypt, PLAINTEXT);
  await proxy.post(paths.encrypt, body, { unsigned: { Authorization: `${PLAINTEXT} ${'a1'.repeat(32)}` } });
  const last = crypto.randomUUID();
  await proxy.post(paths.health, { requestMetadata: { ...healthMetadata, kmsRequestId: last } });
  await recordOf(last);

  const bytes = Buffer.from(PLAINTEXT);
  const secrets = [
    PLAINTEXT,
    body.plaintext,
    quoted,
    bytes.toString('hex'),
    bytes.join(),
    proxy.files.softHsm.pin.reveal(),
    ...[...proxy.files.credentials, proxy.files.otherCredential].map(({ secretAccessKey }) => secretAccessKey.reveal()),
    ...Object.values(sealed.body).map(String),
  ];
  for (const secret of secrets) expect(proxy.output).not.toContain(secret);
  expect(proxy.output).not.toMatch(/[0-9a-f]{64}/i);
  expect(proxy.output).not.toMatch(/Signature=/i);
});
