import { randomBytes, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { testCertificates } from '../support/certificates.ts';
import { failureOf, httpsClient, xksCall } from '../support/httpsClientUnderTest.ts';
import { PREFIX } from '../support/signedRequest.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const uriPath = `${PREFIX}/kms/xks/v1`;
const plaintext = Buffer.from('Hello World!');
const aad = Buffer.from('project=nile,department=marketing');

describe('the client of the local KMS, with a proxy over SoftHSM,', () => {
  let proxy: RunningProxy;

  beforeAll(async () => {
    proxy = await RunningProxy.start(new ProxyFiles());
  });
  afterAll(() => proxy.dispose());

  function start() {
    const { port, files } = proxy;
    return { ...httpsClient(port, testCertificates.ca.certificate), call: xksCall({ uriPath }, files.credentials[0]) };
  }

  it('encrypts and decrypts', async () => {
    const { client, call, exchanges } = start();
    const sealed = await client.encrypt(call, 'foo', plaintext, aad);
    expect(sealed.ciphertext).toHaveLength(plaintext.length);
    expect(await client.decrypt(call, 'foo', sealed, aad)).toEqual(plaintext);
    const { validToDate } = new X509Certificate(testCertificates.server.certificate);
    const seen = {
      call,
      latencyMs: expect.any(Number) as number,
      failure: undefined,
      certificate: { commonName: 'localhost', validTo: validToDate.getTime() },
      health: undefined,
    };
    expect(exchanges).toEqual([
      { ...seen, xksOperation: 'Encrypt' },
      { ...seen, xksOperation: 'Decrypt' },
    ]);
  });

  it.each([
    ['without AAD', 1, 0],
    ['of the largest sizes', 4_300, 8_192],
  ])('encrypts and decrypts %s', async (_what, plaintextBytes, aadBytes) => {
    const { client, call } = start();
    const [large, largeAad] = [randomBytes(plaintextBytes), randomBytes(aadBytes)];
    const sealed = await client.encrypt(call, 'foo', large, largeAad);
    expect(await client.decrypt(call, 'foo', sealed, largeAad)).toEqual(large);
  });

  it('says who calls, and for which operation', async () => {
    const { client, call } = start();
    const requestMetadata = { ...call.requestMetadata, kmsRequestId: 'a request of this test' };
    await client.encrypt({ ...call, requestMetadata }, 'foo', plaintext, aad);
    const record = await proxy.logged({ requestMetadata });
    expect(record).toMatchObject({ operation: 'Encrypt', externalKeyId: 'foo', outcome: 'success' });
  });

  it('reads the metadata of an external key', async () => {
    const { client, call } = start();
    const metadata = await client.getKeyMetadata(call, 'foo');
    expect(metadata).toMatchObject({ keySpec: 'AES_256', keyStatus: 'ENABLED' });
    expect(metadata.keyUsage).toEqual(expect.arrayContaining(['ENCRYPT', 'DECRYPT']));
  });

  it('reads the health', async () => {
    const { client, call, exchanges } = start();
    const health = await client.getHealthStatus(call);
    expect(health).toMatchObject({ xksProxyFleetSize: 1, ekmFleetDetails: [{ healthStatus: 'ACTIVE' }] });
    expect(exchanges).toMatchObject([{ xksOperation: 'GetHealthStatus', health }]);
  });

  it('fails if a ciphertext was changed', async () => {
    const { client, call } = start();
    const sealed = await client.encrypt(call, 'foo', plaintext, aad);
    const failure = await failureOf(client.decrypt(call, 'foo', sealed, Buffer.from('project=rhine')));
    expect(failure.message).toBe(
      'InvalidCiphertextException: The ciphertext, IV, tag or AAD is not valid for this external key.',
    );
  });

  it('reports which error the proxy gave, and its message', async () => {
    const { client, call, exchanges } = start();
    const wrongSecret = { ...call.proxy, rawSecretAccessKey: new Secret('A'.repeat(43)) };
    const failures = [
      await failureOf(client.getHealthStatus({ ...call, proxy: wrongSecret })),
      await failureOf(client.getHealthStatus({ ...call, proxy: { ...call.proxy, uriPath: '/wrong/kms/xks/v1' } })),
      await failureOf(client.getKeyMetadata(call, 'unknown')),
      await failureOf(client.encrypt(call, 'blocked', plaintext, aad)),
    ];
    expect(failures.map(({ message }) => message)).toEqual([
      'AuthenticationFailedException: The signature does not match, or the access key id is not one of this key store.',
      'InvalidUriPathException: There is no such URI path on this proxy.',
      'KeyNotFoundException: This key store has no external key with this id.',
      'InvalidStateException: The external key is blocked by the proxy.',
    ]);
    expect(exchanges.map(({ failure }) => failure)).toEqual(failures);
  });
});
