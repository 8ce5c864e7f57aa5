import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  monitoringListener,
  type MonitoringDurations,
  type MonitoringListener,
  type MonitoringOptions,
} from '../../src/monitoring/monitoringListener.ts';
import { RawConnection } from '../support/rawConnection.ts';

let listener: MonitoringListener;
let errors: unknown[];
let state: { -readonly [Name in 'live' | 'ready' | 'metrics']: MonitoringOptions[Name] };

// The shortest durations that Node observes.
const IMPATIENT = { requestMs: 100, checkMs: 20, silenceMs: 200 };

beforeEach(async () => {
  errors = [];
  state = {
    live: () => true,
    ready: () => ({ ready: true, problems: [] }),
    metrics: () => Promise.resolve('xks_proxy_example 1\n'),
  };
  listener = await start();
});

function start(durations?: MonitoringDurations): Promise<MonitoringListener> {
  return monitoringListener({
    host: '127.0.0.1',
    port: 0,
    prepare: () => undefined,
    live: () => state.live(),
    ready: () => state.ready(),
    metrics: () => state.metrics(),
    onError: (error) => errors.push(error),
    ...(durations && { durations }),
  });
}
afterEach(() => listener.close());

async function get(path: string, method = 'GET') {
  const response = await fetch(`http://127.0.0.1:${listener.address.port}${path}`, { method });
  const { status, headers } = response;
  return { status, headers: Object.fromEntries(headers), body: await response.text() };
}

function connect(): RawConnection {
  return new RawConnection(listener.address.port);
}

const TEXT = 'text/plain; charset=utf-8';
const answers = [
  ['/livez', TEXT, 'alive\n'],
  ['/readyz', 'application/json', '{"ready":true,"problems":[]}'],
  ['/metrics', 'text/plain; version=0.0.4; charset=utf-8', 'xks_proxy_example 1\n'],
] as const;

describe.each(answers)('%s', (path, contentType, body) => {
  const headers = {
    'content-type': contentType,
    'content-length': String(body.length),
    'cache-control': 'no-store',
    connection: 'close',
  };

  it('answers GET, and HEAD without the body', async () => {
    expect(await get(path)).toMatchObject({ status: 200, headers, body });
    expect(await get(path, 'HEAD')).toMatchObject({ status: 200, headers, body: '' });
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('refuses %s', async (method) => {
    const refusal = { status: 405, headers: { allow: 'GET, HEAD' }, body: 'method not allowed\n' };
    expect(await get(path, method)).toMatchObject(refusal);
  });

  it('refuses a second Host header', async () => {
    const connection = connect();
    await connection.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n`);
    expect(await connection.closed()).toMatchObject([{ status: 400, body: 'more than one Host header\n' }]);
  });

  it('does not wait for a body', async () => {
    for (const framing of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
      const connection = connect();
      await connection.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
      expect(await connection.closed()).toMatchObject([{ status: 200, body }]);
    }
  });
});

it.each(['/', '/metrics/', '/METRICS', '/livez?verbose', '//livez', '/example/kms/xks/v1/health', '/%6Civez'])(
  'answers 404 for %s',
  async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: 'not found\n' });
    expect(await get(path, 'POST')).toMatchObject({ status: 404 });
  },
);

it('reports why it is not ready, and whether it is alive', async () => {
  state.ready = () => ({ ready: false, problems: ['draining'] });
  expect(await get('/readyz')).toMatchObject({ status: 503, body: '{"ready":false,"problems":["draining"]}' });
  expect(await get('/livez')).toMatchObject({ status: 200 });
  state.live = () => false;
  expect(await get('/livez')).toMatchObject({ status: 503, body: 'not alive\n' });
});

it('after an error, it shows no detail and continues', async () => {
  const error = new Error('a secret');
  state.metrics = () => Promise.reject(error);
  expect(await get('/metrics')).toMatchObject({ status: 500, body: 'failed\n' });
  state.ready = () => {
    throw error;
  };
  expect(await get('/readyz')).toMatchObject({ status: 500, body: 'failed\n' });
  expect(errors).toEqual([error, error]);
  expect(await get('/livez')).toMatchObject({ status: 200 });
});

describe('a client', () => {
  it.each([
    ['does not send HTTP', '\x16\x03\x01\x02\x00'],
    [
      'sends ambiguous lengths',
      'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['sends long headers', `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`],
  ])('that %s is refused', async (_what, bytes) => {
    const connection = connect();
    await connection.send(bytes);
    for (const { status } of await connection.closed()) expect(status).toBeGreaterThanOrEqual(400);
    expect(await get('/livez')).toMatchObject({ status: 200 });
  });

  it('that sends nothing, or half a request, loses its connection', async () => {
    await listener.close();
    listener = await start(IMPATIENT);
    const [silent, half] = [connect(), connect()];
    await half.send('GET /livez HTTP/1.1\r\n');
    await Promise.all([silent.closed(), half.closed()]);
  });

  it('that opens too many connections loses the oldest ones', async () => {
    const crowd = Array.from({ length: 70 }, connect);
    await Promise.all(crowd.map((connection) => connection.send('GET ').catch(() => undefined)));
    expect(await get('/livez')).toMatchObject({ status: 200 });
    await expect.poll(() => crowd.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(64);
    for (const connection of crowd) connection.reset();
  });
});

it('when it is closed, it ends all open connections', async () => {
  const never = Promise.withResolvers<string>();
  state.metrics = () => never.promise;
  const [waiting, silent] = [connect(), connect()];
  await waiting.send('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
  await get('/livez');
  await listener.close();
  expect(await waiting.closed()).toEqual([]);
  expect(await silent.closed()).toEqual([]);
});
