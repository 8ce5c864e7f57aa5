import { onTestFinished } from 'vitest';
import { HttpsXksProxyClient, type HttpsXksProxyClientOptions } from '../../src/kms/xksProxy/httpsXksProxyClient.ts';
import type { XksCall, XksExchange } from '../../src/kms/xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../../src/kms/xksProxy/xksProxyFailure.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export interface HttpsClientUnderTest {
  readonly client: HttpsXksProxyClient;
  readonly exchanges: readonly XksExchange[];
}

/**
 * A client that is closed when the test has finished. `ca` is PEM. By default it waits for answers longer than any
 * machine is busy.
 */
export function httpsClient(
  port: number,
  ca: string,
  options: Partial<HttpsXksProxyClientOptions> = {},
): HttpsClientUnderTest {
  const exchanges: XksExchange[] = [];
  const address = { host: '127.0.0.1', port };
  const client = new HttpsXksProxyClient({
    region: 'us-east-1',
    resolve: new Map(['localhost', 'xks.example.com', '127.0.0.1'].map((name) => [name, address])),
    tls: { caFiles: [`${temporaryFolder({ 'ca.crt': ca })}/ca.crt`] },
    clock: Date.now,
    monotonicClock: () => performance.now(),
    onExchange: (exchange) => exchanges.push(exchange),
    answerWithinMs: 15_000,
    ...options,
  });
  onTestFinished(() => {
    client.close();
  });
  return { client, exchanges };
}

/** Sends a call to a proxy, by default at `https://localhost`. */
export function xksCall(
  proxy: Partial<XksCall['proxy']> = {},
  { accessKeyId, secretAccessKey }: Credential = newCredential(),
): XksCall {
  return {
    customKeyStoreId: 'cks-1234567890abcdef0',
    proxy: {
      connectivity: 'PUBLIC_ENDPOINT',
      uriEndpoint: 'https://localhost',
      uriPath: '/kms/xks/v1',
      vpcEndpointServiceName: undefined,
      vpcEndpointServiceOwner: undefined,
      accessKeyId,
      rawSecretAccessKey: secretAccessKey,
      ...proxy,
    },
    requestMetadata: {
      kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
      kmsOperation: 'Encrypt',
      awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    },
  };
}

/** Resolves to the error with which the call rejects. */
export async function failureOf(result: Promise<unknown>): Promise<XksProxyFailure> {
  const failure = await result.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof XksProxyFailure) return failure;
  throw new Error('The call did not fail as it should.', { cause: failure });
}
