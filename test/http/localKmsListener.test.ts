import { createServer, type RequestListener } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { listenKms, type ListeningKms } from '../../src/kms/api/listenKms.ts';
import { HEADERS, KmsAppUnderTest } from '../support/kmsAppUnderTest.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { RawConnection } from '../support/rawConnection.ts';

const BODY = '{"KeyId":"k"}';
const HEAD = [
  'POST / HTTP/1.1',
  'Host: localhost',
  'X-Amz-Target: TrentService.EnableKey',
  ...Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
].join('\r\n');
const CALL = `${HEAD}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** Errors that the listeners reported. */
const errors: Error[] = [];

async function listen(app: RequestListener): Promise<ListeningKms> {
  const onError = (error: Error) => errors.push(error);
  const listening = await listenKms({ host: '127.0.0.1', port: 0, onError }, app);
  onTestFinished(() => listening.close());
  return listening;
}

/** An app whose EnableKey waits until the test releases it. */
function waitingApp() {
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  const { promise: started, resolve: start } = Promise.withResolvers<undefined>();
  const app = new KmsAppUnderTest({
    EnableKey: async () => {
      start(undefined);
      await released;
      return undefined;
    },
  });
  return {
    listener: app.listener,
    started,
    release: () => {
      release(undefined);
    },
  };
}

it('answers one call after another on a connection', async () => {
  const { port } = await listen(new KmsAppUnderTest({ EnableKey: () => Promise.resolve(undefined) }).listener);
  const connection = new RawConnection(port);
  await connection.send(CALL + CALL);
  const answers = await connection.answered(2);
  expect(answers).toMatchObject([{ status: 200 }, { status: 200 }]);
  const ids = answers.map(({ headers }) => headers['x-amzn-requestid']);
  expect(new Set(ids).size).toBe(2);
});

it('closes after running calls have been answered, and keeps no connection', async () => {
  const { listener, started, release } = waitingApp();
  const listening = await listen(listener);
  const [busy, idle] = [new RawConnection(listening.port), new RawConnection(listening.port)];
  await idle.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await idle.answered();
  await busy.send(CALL);
  await started;
  const closing = listening.close();
  await idle.closed();
  expect(busy.isOpen).toBe(true);
  release();
  await closing;
  expect(await busy.closed()).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
  const late = new RawConnection(listening.port);
  expect(await late.closed()).toEqual([]);
});

it('closes although clients hold connections open', async () => {
  const listening = await listen(new KmsAppUnderTest({}).listener);
  const slow = new RawConnection(listening.port);
  await slow.send(`${HEAD}\r\nContent-Length: 1000\r\n\r\n{`);
  await listening.close(50);
  expect(await slow.closed()).toEqual([]);
});

it('says that the port is taken', async () => {
  const { port, close } = await listenLocally(createServer());
  onTestFinished(close);
  const onError = (error: Error) => errors.push(error);
  await expect(listenKms({ host: '127.0.0.1', port, onError }, () => undefined)).rejects.toMatchObject({
    code: 'EADDRINUSE',
    message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
  });
});

it.each(['//[', 'http://[::1', '/\\', '*'])('answers 404 to the target %s', async (target) => {
  const { port } = await listen(new KmsAppUnderTest({}).listener);
  const connection = new RawConnection(port);
  await connection.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [answer] = await connection.answered();
  expect(answer).toMatchObject({ status: 404, body: 'not found\n' });
  expect(answer?.headers).toHaveProperty('x-amzn-requestid');
});

it('refuses a second Host header, whatever is asked for', async () => {
  const { port } = await listen(new KmsAppUnderTest({}).listener);
  for (const request of [
    HEAD,
    'GET /metrics HTTP/1.1\r\nHost: localhost',
    'GET /console HTTP/1.1\r\nHost: localhost',
  ]) {
    const connection = new RawConnection(port);
    await connection.send(`${request}\r\nHost: localhost\r\n\r\n`);
    expect(await connection.closed()).toMatchObject([{ status: 400, body: 'more than one Host header' }]);
  }
});

it('keeps serving when a client leaves in the middle of a call, or does not send HTTP', async () => {
  const app = new KmsAppUnderTest({ EnableKey: () => Promise.resolve(undefined) });
  const { port } = await listen(app.listener);
  const leaving = new RawConnection(port);
  await leaving.send(`${HEAD}\r\nContent-Length: 1000\r\n\r\n{`);
  leaving.reset();
  const garbled = new RawConnection(port);
  await garbled.send('\x16\x03\x01 no HTTP\r\n\r\n');
  expect(await garbled.closed()).toMatchObject([{ status: 400 }]);
  const other = new RawConnection(port);
  await other.send(CALL);
  expect(await other.answered()).toMatchObject([{ status: 200 }]);
  expect(errors).toEqual([]);
});

it('refuses headers that are too long, and a body with an ambiguous end', async () => {
  const { port } = await listen(new KmsAppUnderTest({}).listener);
  const long = new RawConnection(port);
  await long.send(`${HEAD}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(await long.closed()).toMatchObject([{ status: 431 }]);
  const smuggled = new RawConnection(port);
  await smuggled.send(`${HEAD}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
  expect(await smuggled.closed()).toMatchObject([{ status: 400 }]);
});
