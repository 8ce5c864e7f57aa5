import { execFileSync } from 'node:child_process';
import { Agent } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Credential } from '../../src/sigv4/credential.ts';
import { base64, encryptBody, keyPath, paths } from '../support/messages.ts';
import { RawConnection, rawPost, type RawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;
let credential: Credential;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
  [credential] = proxy.files.credentials;
});
afterEach(() => proxy.proveService());
afterAll(() => proxy.dispose());

const body = JSON.stringify(encryptBody);
const MEGABYTE = Buffer.alloc(1_000_000, ' ');
const chunkOf = (bytes: Buffer) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]);
const CRLF = Buffer.from('\r\n');

async function connect(post: Partial<RawPost> = {}): Promise<RawConnection> {
  const connection = new RawConnection(proxy.port);
  await connection.send(rawPost({ credential, ...post }));
  return connection;
}

/** Resident memory of the proxy, in megabytes. */
function memory(): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(proxy.pid)], { encoding: 'utf8' })) / 1024;
}

describe('a body that is too long', () => {
  const large = 50 * MEGABYTE.length;
  it.each([
    ['announced', `Content-Length: ${large}\r\n`, MEGABYTE, ''],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', chunkOf(MEGABYTE), '0\r\n\r\n'],
  ])('of 50 MB, %s, is refused and not kept', async (_how, framing, part, end) => {
    const before = memory();
    const connection = await connect({ framing, payload: '' });
    for (let sent = 0; sent < large; sent += MEGABYTE.length) await connection.send(part);
    await connection.send(end);
    const [answer] = await connection.answered();
    expect(answer?.status).toBe(501);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ errorName: 'UnsupportedOperationException' });
    expect(memory() - before).toBeLessThan(200);
    connection.reset();
  });

  it('is refused without being read if the path is unknown', async () => {
    const connection = await connect({
      requestLine: 'POST /nowhere HTTP/1.1',
      framing: `Content-Length: ${large}\r\n`,
    });
    expect(await connection.closed()).toMatchObject([{ status: 404, headers: { connection: 'close' } }]);
  });
});

describe('a client that leaves, does no harm:', () => {
  const points: Record<string, string> = {
    'in its headers': 'X-A',
    'in its body': '"plaintext"',
    'before its last byte': body.slice(-1),
  };
  it.each(Object.entries(points))('%s, 50 times', async (_where, point) => {
    for (let count = 0; count < 50; count += 1) {
      const bytes = rawPost({ credential, lines: 'X-A: a\r\n' });
      const connection = new RawConnection(proxy.port);
      await connection.send(bytes.slice(0, bytes.lastIndexOf(point)));
      if (count % 2 === 0) connection.reset();
      else connection.finish();
      await connection.closed();
    }
  });

  it('before it has its answer, 50 times', async () => {
    for (let count = 0; count < 50; count += 1) (await connect()).reset();
  });

  it('after it has closed its sending half, it still gets its answer', async () => {
    const connection = await connect();
    connection.finish();
    expect(await connection.closed()).toMatchObject([{ status: 200 }]);
  });
});

describe('one connection', () => {
  it('serves many requests, also after refused ones', async () => {
    const posts: [status: number, post: Partial<RawPost>][] = [
      [200, {}],
      [400, { body: '{}' }],
      [401, { payload: body.replace('AES_GCM', 'AES_CBC') }],
      [404, { path: keyPath('nope', 'encrypt') }],
      [404, { requestLine: 'POST /nowhere HTTP/1.1' }],
      [405, { requestLine: `PUT ${paths.encrypt} HTTP/1.1` }],
      [501, { body: JSON.stringify({ ...encryptBody, plaintext: base64(4_301) }) }],
    ];
    const connection = new RawConnection(proxy.port);
    for (let count = 1; count <= 10 * posts.length; count += 1) {
      const [status, post] = posts[count % posts.length] ?? [];
      await connection.send(rawPost({ credential, ...post }));
      expect((await connection.answered(count)).at(-1)?.status).toBe(status);
    }
    connection.reset();
  });
});

describe('200 requests at once', () => {
  it.each([
    ['each on its own connection', undefined],
    ['on 10 connections', new Agent({ keepAlive: true, maxSockets: 10 })],
  ])('%s, all succeed, each with a different IV', async (_how, agent) => {
    const options = agent ? { agent } : {};
    const posts = Array.from({ length: 200 }, () => proxy.post(paths.encrypt, encryptBody, options));
    const answers = await Promise.all(posts);
    agent?.destroy();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.body['initializationVector'])).size).toBe(200);
  });
});

it('one process handled all these tests, and never answered with 500', () => {
  const records = proxy.log.filter(({ msg }) => msg === 'request');
  expect(records.filter(({ errorName }) => errorName === 'InternalException')).toEqual([]);
  expect(memory()).toBeLessThan(500);
});
