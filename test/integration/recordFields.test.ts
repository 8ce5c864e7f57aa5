import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { auditDirectory, auditedFiles } from '../support/auditedProxy.ts';
import { auditRecords } from '../support/auditRecords.ts';
import { handSigned, type HandSignedOptions } from '../support/handSigned.ts';
import { encryptBody, paths, requestMetadata } from '../support/messages.ts';
import type { LogRecord } from '../support/processLog.ts';
import { withSecret } from '../support/signedRequest.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start(auditedFiles());
});
afterAll(() => proxy.dispose());

/** The newest record of a request in the audit log. Its line in the log stream says the same. */
async function newestRecord(): Promise<LogRecord> {
  const { type, ...record } =
    auditRecords(auditDirectory(proxy.files)).findLast(({ type }) => type === 'request') ?? {};
  expect(await proxy.logged({ msg: 'request', index: record['index'] })).toEqual({
    level: expect.any(String) as string,
    ...record,
    msg: type,
  });
  return record;
}

it('the record of an encryption has the key version and the integrity value of the ciphertext', async () => {
  const body = { ...encryptBody, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' };
  const answer = await proxy.post(paths.encrypt, body);
  const { durationMs, hsmMs, ...record } = await newestRecord();
  expect(record).toMatchObject({
    operation: 'Encrypt',
    externalKeyId: 'foo',
    keyVersion: 'foo',
    ciphertextDataIntegrityValue: answer.body['ciphertextDataIntegrityValue'],
  });
  expect(hsmMs).toBeGreaterThan(0);
  expect(durationMs).toBeGreaterThan(hsmMs as number);
  await proxy.post(paths.decrypt, { ...encryptBody, ...answer.body });
  expect(await newestRecord()).toMatchObject({ operation: 'Decrypt', keyVersion: 'foo' });
});

it('unknown fields are cut, and the record counts the omitted ones if there are too many', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`field${index}`, 'x']));
  const metadata = { field: 'x'.repeat(3_000), ...requestMetadata, ...unknown };
  await proxy.post(paths.encrypt, { ...encryptBody, requestMetadata: metadata });
  const { requestMetadata: recorded, omittedMetadata } = await newestRecord();
  expect(recorded).toMatchObject({ field: `${'x'.repeat(2_048)}...` });
  expect(Object.keys(recorded as object)).toHaveLength(50);
  expect(omittedMetadata).toBe(Object.keys(metadata).length - 50);
});

it('a record has at most 65,535 bytes, even if a client sends more', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`field${index}`, 'x'.repeat(2_000)]));
  await proxy.post(paths.encrypt, { ...encryptBody, requestMetadata: { ...requestMetadata, ...unknown } });
  const record = await newestRecord();
  expect(record['requestMetadata']).toMatchObject({ ...requestMetadata, field44: `${'x'.repeat(1_024)}...` });
  expect(JSON.stringify({ ...record, type: 'request' }).length).toBeLessThan(65_535);
});

describe('if a signature is refused, the record has the failed check and the claimed access key id', () => {
  const long = 10 * 60_000;
  it.each<[check: string, Partial<HandSignedOptions>]>([
    ['authorization-header', { separator: ';' }],
    ['signed-headers', { signedHeaders: 'x-amz-date;host' }],
    ['credential-scope', { region: 'eu-west-9' }],
    ['credential-scope', { service: 's3' }],
    ['x-amz-date', { date: new Date(Date.now() - long) }],
    ['access-key-id', { credential: newCredential() }],
    ['signature', {}],
  ])('%s %j', async (check, options) => {
    const [credential] = proxy.files.credentials;
    const wrong = check === 'signature' ? withSecret(credential, 'x'.repeat(43)) : credential;
    const body = JSON.stringify(encryptBody);
    const signed = { credential: wrong, path: paths.encrypt, body, ...options };
    const headers = Object.entries(handSigned(signed)).map(([name, value]) => `${name}: ${value}\r\n`);
    const connection = new RawConnection(proxy.port);
    await connection.send(
      `POST ${paths.encrypt} HTTP/1.1\r\n${headers.join('')}content-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(await connection.answered()).toMatchObject([{ status: 401 }]);
    connection.reset();
    const record = await newestRecord();
    expect(record).toMatchObject({ failedCheck: check, errorName: 'AuthenticationFailedException', httpStatus: 401 });
    const { accessKeyId } = signed.credential;
    expect(record['claimedAccessKeyId']).toBe(check === 'authorization-header' ? undefined : accessKeyId);
    expect(record).not.toHaveProperty('accessKeyId');
    expect(record).not.toHaveProperty('requestMetadata');
  });

  it('but no access key id that has another form', async () => {
    const secret = 'FYtE5EFA5FT0mCc3DrGUe2sti527BitkQ0Zr9MO9fvE';
    await proxy.post(paths.encrypt, encryptBody, { credential: { ...newCredential(), accessKeyId: secret } });
    expect(await newestRecord()).not.toHaveProperty('claimedAccessKeyId');
    expect(proxy.output).not.toContain(secret);
  });
});
