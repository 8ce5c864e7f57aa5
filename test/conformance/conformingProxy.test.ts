import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { OTHER_PREFIX, PREFIX, REGION } from '../support/signedRequest.ts';
import { answers } from './faultySteps.ts';
import { CLIENT_CERTIFICATE, MUTUAL_TLS, overTls, SERVER_TLS } from './overTls.ts';
import { idsWith, resultsOf, runOn } from './runOn.ts';

let fake: FakeXksProxy | undefined;
afterEach(() => fake?.close());

it('a correct proxy passes every case', async () => {
  fake = await startFakeXksProxy({}, SERVER_TLS);
  const report = await runOn(overTls(fake.target), undefined, 5);
  const rest = resultsOf(report).filter(({ outcome }) => outcome !== 'pass');
  expect(rest.map(({ id, got }) => [id, got])).toEqual([
    ['mtls-without-certificate', 'needs --client-cert and --client-key'],
  ]);
  expect(report.stopped).toBeUndefined();
  expect(report.timings.map(({ operation, samplesMs, failures }) => [operation, samplesMs.length, failures])).toEqual([
    ['health', 5, 0],
    ['metadata', 5, 0],
    ['encrypt', 5, 0],
    ['decrypt', 5, 0],
  ]);
});

it('a correct proxy that requires a client certificate, at an IP address, passes every case', async () => {
  fake = await startFakeXksProxy({}, MUTUAL_TLS);
  const { endpoint, ...target } = overTls(fake.target, CLIENT_CERTIFICATE);
  const url = new URL(`https://127.0.0.1:${endpoint.url.port}`);
  const report = await runOn({ ...target, endpoint: { ...endpoint, url, connectTo: undefined } }, 'transport');
  expect(idsWith(report, 'pass')).toHaveLength(resultsOf(report).length);
});

it('a correct proxy whose ciphertextMetadata is empty fails no case', async () => {
  fake = await startFakeXksProxy({ ...answers('encrypt', { ciphertextMetadata: '' }), frameAad: (aad) => aad });
  const report = await runOn(fake.target, 'decrypt');
  expect(idsWith(report, 'fail')).toEqual([]);
  expect(idsWith(report, 'skipped')).toEqual(['changed-metadata', 'missing-metadata', 'metadata-as-aad']);
});

it('xks-proxy itself passes every case that needs no TLS', async () => {
  const proxy = new ProxyUnderTest();
  const { port, close } = await listenLocally(createServer(proxy.listener));
  try {
    const report = await runOn({
      endpoint: {
        url: new URL(`http://127.0.0.1:${port}`),
        connectTo: undefined,
        tls: { ca: undefined, cert: undefined, key: undefined },
        deadlineMs: 5_000,
      },
      keyStore: { uriPath: `${PREFIX}/kms/xks/v1`, credential: proxy.credentials[0], keyId: 'foo' },
      secondKeyStore: { uriPath: `${OTHER_PREFIX}/kms/xks/v1`, credential: proxy.otherCredential, keyId: 'bar' },
      region: REGION,
      keys: { encryptOnly: 'encrypt-only', decryptOnly: 'decrypt-only', noUsage: 'neither', blocked: 'blocked' },
      principalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/1234abcd',
      clock: Date.now,
    });
    expect(idsWith(report, 'fail')).toEqual([]);
  } finally {
    await close();
  }
});
