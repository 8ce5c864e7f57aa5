import { beforeEach, expect, it } from 'vitest';
import { TokenBucket } from '../../src/timing/tokenBucket.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';

const THROTTLED = {
  errorName: 'ThrottlingException',
  errorMessage: "The key store's quota of requests per second is exceeded.",
};

let proxy: ProxyUnderTest;
let clock: { now: number };

beforeEach(() => {
  proxy = new ProxyUnderTest();
  clock = { now: 0 };
  proxy.limit(new TokenBucket({ requestsPerSecond: 1, burst: 2 }, () => clock.now));
});

function use(path = paths.encrypt, body: unknown = encryptBody, options = {}) {
  return proxy.post(path, body, options);
}

it('a request beyond the quota gets ThrottlingException, and one is served after the quota has recovered', async () => {
  expect((await use()).status).toBe(200);
  expect((await use()).status).toBe(200);
  const response = await use();
  expect(response.status).toBe(429);
  expect(response.body).toEqual(THROTTLED);
  expect(proxy.lastLogged).toMatchObject({
    level: 'warn',
    record: {
      keyStore: 'first',
      errorName: 'ThrottlingException',
      httpStatus: 429,
      accessKeyId: proxy.credentials[0].accessKeyId,
    },
  });
  clock.now += 1_000;
  expect((await use()).status).toBe(200);
});

it('every operation with a key counts, whether it succeeds or fails', async () => {
  expect((await use(paths.metadata, { requestMetadata })).status).toBe(200);
  expect((await use(keyPath('nope', 'decrypt'), encryptBody)).status).toBe(400);
  for (const [path, body] of [
    [paths.metadata, { requestMetadata }],
    [paths.decrypt, encryptBody],
    [paths.encrypt, 'not JSON'],
  ] as const) {
    expect((await use(path, body)).body).toEqual(THROTTLED);
  }
});

it('GetHealthStatus neither counts nor is refused, because it is about the proxy and not its use', async () => {
  for (let count = 0; count < 5; count += 1)
    expect((await use(paths.health, { requestMetadata: healthMetadata })).status).toBe(200);
  expect((await use()).status).toBe(200);
  expect((await use()).status).toBe(200);
  expect((await use()).status).toBe(429);
  expect((await use(paths.health, { requestMetadata: healthMetadata })).status).toBe(200);
});

it('a request without a credential of the key store uses none of its quota', async () => {
  for (let count = 0; count < 5; count += 1) {
    expect((await use(paths.encrypt, encryptBody, { credential: newCredential() })).status).toBe(401);
    expect((await use(paths.encrypt, encryptBody, { credential: proxy.otherCredential })).status).toBe(401);
  }
  expect((await use()).status).toBe(200);
  expect((await use()).status).toBe(200);
});

it('another key store has its own quota', async () => {
  await use();
  await use();
  expect((await use()).status).toBe(429);
  const other = { credential: proxy.otherCredential };
  expect((await use(keyPath('bar', 'encrypt', OTHER_PREFIX), encryptBody, other)).status).toBe(200);
});
