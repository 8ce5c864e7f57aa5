import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../support/messages.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;
let connection: RawConnection;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
});
afterEach(async () => {
  connection.reset();
  await proxy.proveService();
});
afterAll(() => proxy.dispose());

async function send(requestLine: string): Promise<void> {
  connection = new RawConnection(proxy.port);
  const [credential] = proxy.files.credentials;
  await connection.send(rawPost({ credential, requestLine }));
}

describe('a target that is not spelt as it should be is an InvalidUriPathException', () => {
  it.each([
    ['in absolute form', `POST http://xks.example.com${paths.encrypt} HTTP/1.1`],
    ['in absolute form, with a host that is no host', 'POST http://[ HTTP/1.1'],
    ['an asterisk', 'POST * HTTP/1.1'],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1'],
    ['a host in front', `POST //xks.example.com${paths.encrypt} HTTP/1.1`],
    ['a fragment', `POST ${paths.encrypt}# HTTP/1.1`],
    ['an empty query', `POST ${paths.encrypt}? HTTP/1.1`],
    ['a path parameter', `POST ${paths.encrypt};a=b HTTP/1.1`],
    ['a backslash', `POST ${paths.encrypt.replace('/encrypt', '\\encrypt')} HTTP/1.1`],
    ['dot segments', `POST /x/..${paths.encrypt} HTTP/1.1`],
    ['an escaped letter', `POST ${paths.encrypt.replace('encrypt', '%65ncrypt')} HTTP/1.1`],
    ['a NUL, escaped', `POST ${paths.encrypt}%00 HTTP/1.1`],
    ['10,000 characters', `POST /${'a/'.repeat(5_000)} HTTP/1.1`],
    ['that of HTTP/0.9', 'GET /'],
  ])('%s', async (_what, requestLine) => {
    await send(requestLine);
    const [answer] = await connection.answered();
    expect(answer).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: '{"errorName":"InvalidUriPathException","errorMessage":"There is no such URI path on this proxy."}',
    });
  });
});

describe('a method other than POST is answered with 405 and nothing else', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'QUERY', 'M-SEARCH'])(
    '%s',
    async (method) => {
      await send(`${method} ${paths.encrypt} HTTP/1.1`);
      expect(await connection.answered()).toMatchObject([
        { status: 405, headers: { allow: 'POST', 'content-length': '0' }, body: '' },
      ]);
      expect(connection.received).not.toMatch(/authorization|x-amz-date/i);
    },
  );
});
