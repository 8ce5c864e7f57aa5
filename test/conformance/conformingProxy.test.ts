import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import type { Target } from '../../src/xksClient/target.ts';
import { testCertificates } from '../support/certificates.ts';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { OTHER_PREFIX, PREFIX, REGION } from '../support/signedRequest.ts';
import { idsWith, resultsOf, runOn } from './runOn.ts';

const { ca, server, client } = testCertificates;
const serverTls = { cert: server.certificate, key: server.privateKey };

let fake: FakeXksProxy | undefined;
afterEach(() => fake?.close());

function withTls(target: Target, tls: Partial<Target['endpoint']['tls']>): Target {
  return { ...target, endpoint: { ...target.endpoint, tls: { ...target.endpoint.tls, ca: ca.certificate, ...tls } } };
}

it('a correct proxy passes every case', async () => {
  fake = await startFakeXksProxy({}, serverTls);
  const report = await runOn(withTls(fake.target, {}), undefined, 5);
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
  fake = await startFakeXksProxy({}, { ...serverTls, ca: ca.certificate, requestCert: true, rejectUnauthorized: true });
  const { endpoint, ...target } = withTls(fake.target, { cert: client.certificate, key: client.privateKey });
  const url = new URL(`https://127.0.0.1:${endpoint.url.port}`);
  const report = await runOn({ ...target, endpoint: { ...endpoint, url, connectTo: undefined } }, 'transport');
  expect(idsWith(report, 'pass')).toHaveLength(resultsOf(report).length);
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
