import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { base64, encryptBody, healthMetadata, paths, requestMetadata } from '../support/messages.ts';
import type { LogRecord } from '../support/processLog.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles());
});
afterEach(() => proxy.proveService());
afterAll(() => proxy.dispose());

/** An encrypt request whose requestMetadata also has these members, as JSON. */
function withMetadata(members: string): string {
  return JSON.stringify(encryptBody).replace('"requestMetadata":{', `"requestMetadata":{${members},`);
}

describe('JSON that is not a valid request is refused:', () => {
  const plaintext = '"plaintext":"SGVsbG8="';
  it.each([
    ['nothing', ''],
    ['60,000 arrays in one another', '['.repeat(60_000)],
    ['25,000 objects in one another', '{"a":'.repeat(25_000)],
    ['50,000 arrays for a field', withMetadata(`"x":${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
    ['two objects', `${JSON.stringify(encryptBody)}{}`],
    ['a comment', `/**/${JSON.stringify(encryptBody)}`],
    ['a trailing comma', JSON.stringify(encryptBody).replace(/}$/, ',}')],
    ['NaN', withMetadata('"x":NaN')],
    ['a byte order mark', `\ufeff${JSON.stringify(encryptBody)}`],
    ['UTF-16', Buffer.from(JSON.stringify(encryptBody), 'utf16le')],
    ['gzip', gzipSync(JSON.stringify(encryptBody))],
    ['a number beyond all bounds for a field', `{"requestMetadata":1e999,${plaintext}}`],
    ['fields in __proto__', `{"__proto__":${JSON.stringify(encryptBody)}}`],
    ['fields in constructor.prototype', `{"constructor":{"prototype":${JSON.stringify(encryptBody)}}}`],
    ['an array with the fields by index', JSON.stringify(Object.values(encryptBody))],
    ['a lone surrogate for plaintext', JSON.stringify({ ...encryptBody, plaintext: '\ud800AAA' })],
    ['an array for plaintext', JSON.stringify({ ...encryptBody, plaintext: ['SGVsbG8='] })],
    ['plaintext twice', JSON.stringify(encryptBody).replace('{', `{${plaintext},`)],
    ['plaintext twice, once with an escape', JSON.stringify(encryptBody).replace('{', '{"\\u0070laintext":"AA==",')],
    ['requestMetadata twice', JSON.stringify(encryptBody).replace('{', '{"requestMetadata":{},')],
    ['__proto__ twice', withMetadata('"__proto__":"a","__proto__":"a"')],
    ['the principal twice', withMetadata('"awsPrincipalArn":"arn:aws:iam::123456789012:user/Bob"')],
    ['a field twice deep in metadata', withMetadata('"x":[{"y":{"a":1,"\\u0061":1}}]')],
  ])('%s', async (_what, body) => {
    expect(await proxy.post(paths.encrypt, body)).toMatchObject({
      status: 400,
      body: { errorName: 'ValidationException', errorMessage: expect.stringMatching(/^[\x20-\x7e]{1,511}$/) as string },
    });
  });
});

describe('JSON that is unusual, but a valid request, is served:', () => {
  it('with a Content-Type that is not JSON', async () => {
    const headers = { 'Content-Type': 'text/plain; charset=utf-16' };
    expect(await proxy.post(paths.encrypt, encryptBody, { headers })).toMatchObject({ status: 200 });
  });

  const members: [what: string, json: string, name: string, logged: string][] = [
    [
      'an ARN of 2,048 characters',
      `"awsSourceArn":"arn:${'a'.repeat(2_044)}"`,
      'awsSourceArn',
      `arn:${'a'.repeat(2_044)}`,
    ],
    ['a lone surrogate', '"x":"a\\ud800b"', 'x', 'a\ud800b'],
    [
      'a line end and a forged record',
      '"x":"a\\r\\n{\\"level\\":\\"info\\",\\"msg\\":\\"stopped\\"}\\n"',
      'x',
      'a\r\n{"level":"info","msg":"stopped"}\n',
    ],
    [
      'control characters',
      '"x":"\\u0000\\u001b[2J\\u0007\\u007f\\u0085\\u2028\\u2029"',
      'x',
      '\0\u001b[2J\u0007\u007f\u0085\u2028\u2029',
    ],
    ['a number beyond all bounds', '"x":1e999', 'x', 'null'],
    ['an object', '"x":{"a":[1,null]}', 'x', '{"a":[1,null]}'],
    ['the name __proto__', '"__proto__":"a"', '__proto__', 'a'],
    ['the name toJSON', '"toJSON":"a"', 'toJSON', 'a'],
    ['the name constructor', '"constructor":"a"', 'constructor', 'a'],
    ['a name with a line end', '"a\\nb":"c"', 'a\nb', 'c'],
    ['an empty name', '"":"a"', '', 'a'],
  ];
  it.each(members)('metadata: %s, which is logged in one line', async (_what, json, name, logged) => {
    const kmsRequestId = crypto.randomUUID();
    const body = withMetadata(json).replace(requestMetadata.kmsRequestId, kmsRequestId);
    expect(await proxy.post(paths.encrypt, body)).toMatchObject({ status: 200 });
    const metadata = Object.fromEntries([...Object.entries({ ...requestMetadata, kmsRequestId }), [name, logged]]);
    await proxy.logged({ msg: 'request', outcome: 'success', requestMetadata: metadata });
    expect(proxy.output.split(kmsRequestId)).toHaveLength(2);
  });

  it('metadata of 60,000 characters of JSON, which the log may shorten', async () => {
    const kmsRequestId = crypto.randomUUID();
    const text = '\u0001'.repeat(10_000);
    const body = { ...encryptBody, requestMetadata: { ...requestMetadata, kmsRequestId, text } };
    expect(await proxy.post(paths.encrypt, body)).toMatchObject({ status: 200 });
    const isIt = ({ requestMetadata: logged }: LogRecord) =>
      (logged as LogRecord | undefined)?.['kmsRequestId'] === kmsRequestId;
    const record = await vi.waitUntil(() => proxy.log.find(isIt), { timeout: 20_000 });
    const { text: logged } = record['requestMetadata'] as { text: string };
    expect(logged).toMatch(/^\u0001{2000}/);
  });

  it('metadata with hostile text in each known field', async () => {
    const hostile = 'a\n\u0000\u2028"\\ \u00e9 \ud83d\ude00';
    const metadata = Object.fromEntries(Object.keys(requestMetadata).map((name) => [name, hostile]));
    const body = { ...encryptBody, requestMetadata: metadata };
    expect(await proxy.post(paths.encrypt, body)).toMatchObject({ status: 200 });
    await proxy.logged({ requestMetadata: metadata });
  });
});

describe('the limits of sizes:', () => {
  it('the largest possible encrypt is served', async () => {
    const arn = `arn:aws:iam::123456789012:role/${'a'.repeat(2_048 - 31)}`;
    const body = {
      requestMetadata: { ...requestMetadata, awsPrincipalArn: arn, kmsKeyArn: arn },
      plaintext: base64(4_300),
      additionalAuthenticatedData: base64(8_192),
      encryptionAlgorithm: 'AES_GCM',
      ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
    };
    const sealed = await proxy.post(paths.encrypt, body);
    expect(sealed).toMatchObject({ status: 200 });
    const opened = await proxy.post(paths.decrypt, { ...body, ...sealed.body });
    expect(opened).toMatchObject({ status: 200, body: { plaintext: body.plaintext } });
  });

  it('a body of exactly 128 KiB is read, and a longer one is refused', async () => {
    const spaces = 128 * 1_024 - JSON.stringify({ requestMetadata: healthMetadata }).length;
    const body = JSON.stringify({ requestMetadata: healthMetadata }) + ' '.repeat(spaces);
    expect(await proxy.post(paths.health, body)).toMatchObject({ status: 200 });
    expect(await proxy.post(paths.health, `${body} `)).toMatchObject({
      status: 501,
      body: { errorName: 'UnsupportedOperationException' },
    });
  });
});
