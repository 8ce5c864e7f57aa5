import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Credential } from '../../src/sigv4/credential.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { RawConnection, rawPost, type RawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;
let credential: Credential;
let connection: RawConnection;

async function start(): Promise<void> {
  proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
  [credential] = proxy.files.credentials;
}

beforeAll(start);
// After each hostile case, the next request is served.
afterEach(async () => {
  connection.reset();
  await proxy.proveService();
});
afterAll(() => proxy.dispose());

const body = JSON.stringify(encryptBody);
const size = body.length.toString(16);
const contentLength = `Content-Length: ${body.length}\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const oneChunk = `${size}\r\n${body}\r\n0\r\n\r\n`;
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

async function send(post: Partial<RawPost> | string): Promise<void> {
  connection = new RawConnection(proxy.port);
  await connection.send(typeof post === 'string' ? post : rawPost({ credential, ...post }));
}

describe('bytes that are not one HTTP request are refused, and the connection is closed', () => {
  const cases: Record<string, Partial<RawPost> | string> = {
    'Content-Length and Transfer-Encoding': { framing: contentLength + chunked, payload: oneChunk },
    'Transfer-Encoding and Content-Length': { framing: chunked + contentLength, payload: oneChunk },
    'Content-Length short of a chunked body, with a request in it': {
      framing: `Content-Length: 4\r\n${chunked}`,
      payload: `0\r\n\r\n${smuggled}`,
    },
    'two equal Content-Lengths': { framing: contentLength + contentLength },
    'two different Content-Lengths': { framing: `${contentLength}Content-Length: 3\r\n` },
    'a list of Content-Lengths': { framing: `Content-Length: ${body.length}, ${body.length}\r\n` },
    'a signed Content-Length': { framing: `Content-Length: +${body.length}\r\n` },
    'a negative Content-Length': { framing: 'Content-Length: -1\r\n' },
    'a hexadecimal Content-Length': { framing: `Content-Length: 0x${size}\r\n` },
    'an empty Content-Length': { framing: 'Content-Length:\r\n' },
    'a Content-Length beyond 64 bits': { framing: 'Content-Length: 18446744073709551617\r\n' },
    'a Transfer-Encoding that does not end in chunked': {
      framing: 'Transfer-Encoding: chunked, gzip\r\n',
      payload: oneChunk,
    },
    'chunked twice': { framing: chunked + chunked, payload: oneChunk },
    'a header line folded into two': { lines: 'X-A: a\r\n b\r\n' },
    'a first header line that begins with a space': { requestLine: `POST ${paths.encrypt} HTTP/1.1\r\n X-A: a` },
    'bare line feeds after a header': { lines: 'X-A: a\n' },
    'a bare carriage return in a header': { lines: 'X-A: a\rX-B: b\r\n' },
    'NUL in a header': { lines: 'X-A: a\0b\r\n' },
    'a high byte in the name of a header': { lines: 'X-\xe9: a\r\n' },
    'a header without a colon': { lines: 'nonsense\r\n' },
    'a header without a name': { lines: ': a\r\n' },
    'a space before the colon': { lines: 'X-A : a\r\n' },
    '1,000 headers': { lines: Array.from({ length: 1000 }, (_, n) => `X-Header-${n}: a\r\n`).join('') },
    'a header of 1 MB': { lines: `X-A: ${'a'.repeat(1_000_000)}\r\n` },
    'a request line without a target': { requestLine: 'POST  HTTP/1.1' },
    'a target with a space': { requestLine: `POST ${paths.encrypt} x HTTP/1.1` },
    'a target with a NUL': { requestLine: 'POST /a\0b HTTP/1.1' },
    'a target with a high byte': { requestLine: 'POST /\xe9 HTTP/1.1' },
    'a method in lower case': { requestLine: `post ${paths.encrypt} HTTP/1.1` },
    'an unknown method': { requestLine: `BREW ${paths.encrypt} HTTP/1.1` },
    'HTTP/1.2': { requestLine: `POST ${paths.encrypt} HTTP/1.2` },
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0',
    'a TLS handshake': Buffer.from('16030100c4010000c00303', 'hex').toString('latin1'),
    garbage: '\x01\x02\x03\r\n\r\n',
  };

  it.each(Object.entries(cases))('%s', async (_what, post) => {
    await send(post);
    const [answer, ...others] = await connection.closed();
    expect(answer).toMatchObject({
      status: 400,
      headers: { connection: 'close', 'content-type': 'application/json' },
      body: '{"errorName":"ValidationException","errorMessage":"The bytes received are not a valid HTTP request."}',
    });
    expect(others).toEqual([]);
  });
});

describe('a body with an ambiguous end closes the connection, with or without an error', () => {
  const cases: Record<string, Partial<RawPost>> = {
    'an unknown Transfer-Encoding': { framing: 'Transfer-Encoding: xchunked\r\n', payload: oneChunk },
    'a chunk size that is no number': { framing: chunked, payload: `zz\r\n${body}\r\n0\r\n\r\n` },
    'a negative chunk size': { framing: chunked, payload: `-${size}\r\n${body}\r\n0\r\n\r\n` },
    'a chunk size with 0x': { framing: chunked, payload: `0x${size}\r\n${body}\r\n0\r\n\r\n` },
    'a chunk size beyond 64 bits': { framing: chunked, payload: `1${'0'.repeat(15)}${size}\r\n${body}\r\n0\r\n\r\n` },
    'a chunk longer than its size': { framing: chunked, payload: `${size}\r\n${body}more\r\n0\r\n\r\n` },
    'chunks with bare line feeds': { framing: chunked, payload: `${size}\n${body}\n0\n\n` },
    'a chunk extension of 20,000 characters': {
      framing: chunked,
      payload: `${size};a=${'b'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`,
    },
  };

  it.each(Object.entries(cases))('%s', async (_what, post) => {
    await send(post);
    const answers = await connection.closed();
    expect(answers.filter(({ status }) => status !== 400)).toEqual([]);
  });
});

describe('unusual framing that HTTP allows', () => {
  const cases: Record<string, Partial<RawPost>> = {
    'a chunked body, signed as decoded': { framing: chunked, payload: oneChunk },
    'chunks of one byte': {
      framing: chunked,
      payload: `${body.replaceAll(/[^]/g, (character) => `1\r\n${character}\r\n`)}0\r\n\r\n`,
    },
    'chunk extensions': { framing: chunked, payload: `${size};a=b;c="d"\r\n${body}\r\n0\r\n\r\n` },
    'a trailer, which is not a header': {
      framing: `${chunked}Trailer: Authorization, X-Amz-Date\r\n`,
      payload: `${size}\r\n${body}\r\n0\r\nAuthorization: AWS4-HMAC-SHA256\r\nX-Amz-Date: 1\r\n\r\n`,
    },
    'empty lines before the request': { requestLine: `\r\n\r\nPOST ${paths.encrypt} HTTP/1.1` },
    'high bytes in the value of a header': { lines: 'X-A: \xe9\xff\r\n' },
    '100 headers': { lines: Array.from({ length: 100 }, (_, n) => `X-Header-${n}: a\r\n`).join('') },
    'Connection: close': { lines: 'Connection: close\r\n' },
    'HTTP/1.0': { requestLine: `POST ${paths.encrypt} HTTP/1.0` },
    'an Upgrade to websocket, which is ignored': { lines: 'Connection: Upgrade\r\nUpgrade: websocket\r\n' },
    'an Upgrade to HTTP/2, which is ignored': {
      lines: 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    },
  };

  it.each(Object.entries(cases))('%s', async (_what, post) => {
    await send(post);
    const [answer] = await connection.answered();
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(answer?.body ?? '')).toHaveProperty('ciphertext');
  });

  it('a request with Expect: 100-continue gets 100 Continue', async () => {
    await send({ lines: 'Expect: 100-continue\r\n', payload: '' });
    expect(await connection.answered()).toMatchObject([{ status: 100 }]);
    await connection.send(body);
    expect(await connection.answered(2)).toMatchObject([{ status: 100 }, { status: 200 }]);
  });
});

describe('data that is not signed is not trusted', () => {
  const cases: Record<string, [post: Partial<RawPost>, status: number, errorName: string]> = {
    'a body that was signed as it is sent, in chunks': [
      { body: oneChunk, framing: chunked },
      401,
      'AuthenticationFailedException',
    ],
    'a second Authorization': [{ lines: 'Authorization: AWS4-HMAC-SHA256\r\n' }, 401, 'AuthenticationFailedException'],
    'a compressed body': [{ lines: 'Content-Encoding: gzip\r\n' }, 400, 'ValidationException'],
  };

  it.each(Object.entries(cases))('%s', async (_what, [post, status, errorName]) => {
    await send(post);
    const [answer] = await connection.answered();
    expect({ status: answer?.status, ...(JSON.parse(answer?.body ?? '') as object) }).toMatchObject({
      status,
      errorName,
    });
  });

  it('a compressed transfer is not decompressed', async () => {
    const compressed = gzipSync(body).toString('latin1');
    const payload = `${compressed.length.toString(16)}\r\n${compressed}\r\n0\r\n\r\n`;
    await send({ framing: 'Transfer-Encoding: gzip, chunked\r\n', payload });
    expect(await connection.answered()).toMatchObject([{ status: 401 }]);
  });
});

describe('a request that Node would refuse or drop by itself has a line in the log:', () => {
  // Another proxy, because the first one has written as many of these lines as it may in a short time.
  beforeAll(async () => {
    await proxy.dispose();
    await start();
  });

  it.each([
    ['a request without a Host header', ''],
    ['a request with more than one Host header', '$&Host: xks.example.com\r\n'],
    ['a request with more than one Host header', '$&$&'],
  ])('%s (%j)', async (what, hosts) => {
    await send(rawPost({ credential }).replace(/host: .*\r\n/, hosts));
    const [answer, ...others] = await connection.closed();
    expect(answer).toMatchObject({ status: 400, headers: { connection: 'close' } });
    const errorMessage = `This is ${what}.`;
    expect(JSON.parse(answer?.body ?? '')).toEqual({ errorName: 'ValidationException', errorMessage });
    expect(others).toEqual([]);
    await proxy.logged({ reason: what, remoteAddress: '127.0.0.1' });
  });

  it('an unknown expectation', async () => {
    await send({ lines: 'Expect: nonsense\r\n' });
    expect(await connection.closed()).toMatchObject([{ status: 417, headers: { connection: 'close' } }]);
    await proxy.logged({ reason: 'an Expect header other than 100-continue' });
  });

  it.each([
    ['without Host', () => rawPost({ credential }).replace(/host: .*\r\n/, '')],
    ['with an unknown expectation', () => rawPost({ credential, lines: 'Expect: nonsense\r\n' })],
  ])('a request behind one %s', async (_what, first) => {
    const lines = () => proxy.log.filter(({ reason }) => reason === 'a request after the last one of its connection');
    const before = lines().length;
    await send(first() + rawPost({ credential }) + rawPost({ credential, lines: 'Expect: nonsense\r\n' }));
    expect(await connection.closed()).toHaveLength(1);
    await expect.poll(() => lines().length - before, { timeout: 60_000 }).toBe(2);
  });

  it('CONNECT', async () => {
    await send('CONNECT kms.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await connection.closed()).toEqual([]);
    await proxy.logged({ reason: 'a CONNECT request', remoteAddress: '127.0.0.1' });
  });
});

describe('if the end of a request is ambiguous, the answer to it closes the connection', () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const cases: Record<string, [status: number, post: Partial<RawPost>]> = {
    'an Upgrade': [200, { lines: upgrade }],
    'an Upgrade, with a chunked body': [200, { lines: upgrade, framing: chunked, payload: oneChunk }],
    'an Upgrade, without a body': [
      405,
      { requestLine: `GET ${paths.encrypt} HTTP/1.1`, lines: upgrade, framing: '', payload: '' },
    ],
    'an Upgrade that Connection does not name': [200, { lines: 'Upgrade: h2c\r\n' }],
    'an Upgrade of HTTP/1.0': [200, { requestLine: `POST ${paths.encrypt} HTTP/1.0`, lines: upgrade }],
    'Transfer-Encoding in HTTP/1.0': [
      200,
      {
        requestLine: `POST ${paths.encrypt} HTTP/1.0`,
        lines: 'Connection: keep-alive\r\n',
        framing: chunked,
        payload: oneChunk,
      },
    ],
  };

  describe.each(Object.entries(cases))('%s', (_what, [status, post]) => {
    it.each([
      ['with nothing behind it', ''],
      ['with a request behind it', rawPost],
      ['with half a request behind it', smuggled.slice(0, 20)],
      ['with garbage behind it', '\0\x01\r\n\r\n'],
    ])('%s', async (_behind, behind) => {
      const text = typeof behind === 'string' ? behind : behind({ credential });
      await send(rawPost({ credential, ...post }) + text);
      const answers = await connection.closed();
      expect(answers.map((answer) => answer.status)).toEqual([status]);
    });

    it('with a request that arrives while the first one is handled', async () => {
      await send(rawPost({ credential, ...post }));
      await connection.send(rawPost({ credential }));
      const answers = await connection.closed();
      expect(answers.map((answer) => answer.status)).toEqual([status]);
    });
  });
});

describe('successive requests', () => {
  it('are answered in order', async () => {
    const posts: Partial<RawPost>[] = [
      {},
      { path: paths.health },
      { requestLine: `GET ${paths.encrypt} HTTP/1.1` },
      { body: '{}' },
      { requestLine: 'POST /nowhere HTTP/1.1' },
      { payload: body.replace('AES_GCM', 'AES_CBC') },
      {},
    ];
    await send(posts.map((post) => rawPost({ credential, ...post })).join(''));
    const answers = await connection.answered(posts.length);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 405, 400, 404, 401, 200]);
  });

  it('end with the first that is not a request', async () => {
    await send(`${rawPost({ credential })}garbage\r\n\r\n`);
    const answers = await connection.closed();
    expect(answers.map(({ status }) => status)).toEqual([200]);
  });

  it("end before the bytes after a body's Content-Length", async () => {
    await send({ framing: `Content-Length: ${body.length - 2}\r\n` });
    const answers = await connection.closed();
    expect(answers.map(({ status }) => status)).not.toContain(200);
  });
});
