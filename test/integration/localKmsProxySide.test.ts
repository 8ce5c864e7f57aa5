import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  KMSInvalidStateException,
  KMSServiceException,
  XksProxyUriUnreachableException,
  type ServiceOutputTypes,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { writeKeyPair } from '../../certs/generate.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { testCertificates } from '../support/certificates.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { KmsCaller, keyStoreInput, optionsFor, refusal } from '../support/kmsCaller.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ALICE = 'arn:aws:iam::111122223333:user/Alice';
const RDS = {
  awsPrincipalArn: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForRDS/session',
  awsSourceVpc: 'vpc-0123456789abcdef0',
  awsSourceVpce: 'vpce-0123456789abcdef0',
  kmsViaService: 'rds',
};

let proxy: RunningProxy;
let files: ProxyFiles;

beforeAll(async () => {
  files = new ProxyFiles();
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

/** The configuration knows the callers with the access key ids ALICE and DATABASE. */
async function start(...options: readonly string[]) {
  const callers = { ALICE, DATABASE: RDS };
  const config = join(temporaryFolder({ 'kms.yaml': stringify({ callers }) }), 'kms.yaml');
  const running = await RunningLocalKms.start([...optionsFor(proxy), '--config', config, ...options]);
  return { running, kms: new KmsCaller(running) };
}

/** A local KMS with a connected key store, and a key that uses foo. */
async function startWithKey(...options: readonly string[]) {
  const { running, kms } = await start(...options);
  const store = await kms.createConnectedKeyStore(files);
  return { running, kms, store, key: await kms.createKeyOver('foo', store) };
}

async function metricsOf({ endpoint }: RunningLocalKms) {
  return parseExposition(await (await fetch(`${endpoint}/metrics`)).text());
}

/** The requests to the proxy that a call caused. */
function causedBy({ $metadata: { requestId } }: Pick<ServiceOutputTypes, '$metadata'>) {
  return proxy.log.flatMap(({ operation, externalKeyId, requestMetadata }) => {
    const metadata = requestMetadata as Readonly<Record<string, string>> | undefined;
    return metadata?.['kmsRequestId'] === requestId ? [{ operation, externalKeyId, requestMetadata: metadata }] : [];
  });
}

describe('the proxy gets the caller and the operation', () => {
  it('with each operation that needs it', async () => {
    const { running } = await start();
    const kms = new KmsCaller(running, 'DATABASE');
    const { awsPrincipalArn, awsSourceVpc, awsSourceVpce } = RDS;
    /** Expects that the call caused these requests in this order, with the metadata of the operation. */
    const causes = async (
      kmsOperation: string,
      call: Pick<ServiceOutputTypes, '$metadata'>,
      ...requests: readonly [operation: string, externalKeyId?: string, metadata?: object][]
    ) => {
      const expected = requests.map(([operation, externalKeyId, metadata]) => ({
        operation,
        externalKeyId,
        requestMetadata: { kmsOperation, kmsRequestId: call.$metadata.requestId, ...metadata },
      }));
      await expect.poll(() => causedBy(call)).toEqual(expected);
    };

    const created = await kms.createCustomKeyStore(keyStoreInput(files.credentials[0]));
    await causes('CreateCustomKeyStore', created, ['GetHealthStatus']);
    const { CustomKeyStoreId = '' } = created;
    const { XksProxyAuthenticationCredential } = keyStoreInput(files.credentials[1]);
    const updated = await kms.updateCustomKeyStore({ CustomKeyStoreId, XksProxyAuthenticationCredential });
    await causes('UpdateCustomKeyStore', updated, ['GetHealthStatus']);
    await causes('ConnectCustomKeyStore', await kms.connectCustomKeyStore({ CustomKeyStoreId }), ['GetHealthStatus']);
    await kms.reaches(CustomKeyStoreId, 'CONNECTED');

    const made = await kms.createKey({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId: 'foo' });
    await causes('CreateKey', made, ['GetKeyMetadata', 'foo', { awsPrincipalArn, awsSourceVpc, awsSourceVpce }]);
    const KeyId = made.KeyMetadata?.Arn ?? '';
    const ofKey = { ...RDS, kmsKeyArn: KeyId };
    const encrypted = await kms.encrypt({ KeyId, Plaintext: Buffer.from('x') });
    await causes('Encrypt', encrypted, ['Encrypt', 'foo', ofKey]);
    const { CiphertextBlob } = encrypted;
    await causes('Decrypt', await kms.decrypt({ CiphertextBlob }), ['Decrypt', 'foo', ofKey]);
    const input = { KeyId, KeySpec: 'AES_256' } as const;
    await causes('GenerateDataKey', await kms.generateDataKey(input), ['Encrypt', 'foo', ofKey]);
    const withoutPlaintext = await kms.generateDataKeyWithoutPlaintext(input);
    await causes('GenerateDataKeyWithoutPlaintext', withoutPlaintext, ['Encrypt', 'foo', ofKey]);

    const otherStore = await kms.createConnectedKeyStore(files, files.otherCredential, OTHER_PREFIX);
    const other = await kms.createKeyOver('bar', otherStore);
    await causes(
      'ReEncrypt',
      await kms.reEncrypt({ CiphertextBlob, DestinationKeyId: other }),
      ['Decrypt', 'foo', ofKey],
      ['Encrypt', 'bar', { ...RDS, kmsKeyArn: other }],
    );
  });

  it('without VPC or service if the caller has none, and with a name for unknown callers', async () => {
    const { running, kms, key } = await startWithKey();
    for (const [caller, awsPrincipalArn] of [
      [new KmsCaller(running, 'ALICE'), ALICE],
      [kms, 'arn:aws:iam::111122223333:user/TEST'],
    ] as const) {
      const call = await caller.encrypt({ KeyId: key, Plaintext: Buffer.from('x') });
      const kmsRequestId = call.$metadata.requestId;
      const requestMetadata = { kmsOperation: 'Encrypt', kmsRequestId, awsPrincipalArn, kmsKeyArn: key };
      await expect
        .poll(() => causedBy(call))
        .toEqual([{ operation: 'Encrypt', externalKeyId: 'foo', requestMetadata }]);
    }
  });

  it('and with other operations gets nothing', async () => {
    const { kms, store: CustomKeyStoreId, key: KeyId } = await startWithKey();
    const alias = { AliasName: 'alias/quiet', TargetKeyId: KeyId };
    const calls = [
      await kms.describeKey({ KeyId }),
      await kms.createAlias(alias),
      await kms.updateAlias(alias),
      await kms.tagResource({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
      await kms.updateKeyDescription({ KeyId, Description: 'quiet' }),
      await kms.disableKey({ KeyId }),
      await kms.enableKey({ KeyId }),
      await kms.scheduleKeyDeletion({ KeyId }),
      await kms.cancelKeyDeletion({ KeyId }),
      await kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'quiet' }),
      await kms.describeCustomKeyStores({ CustomKeyStoreId }),
      await kms.disconnectCustomKeyStore({ CustomKeyStoreId }),
    ];
    await kms.reaches(CustomKeyStoreId, 'DISCONNECTED');
    const last = await kms.connectCustomKeyStore({ CustomKeyStoreId });
    await expect.poll(() => causedBy(last)).toHaveLength(1);
    expect(calls.flatMap(causedBy)).toEqual([]);
  });
});

/** Changes the configuration of the proxy's first key store until the test is finished. */
async function change(changes: object): Promise<void> {
  const [first, ...others] = files.config.keyStores;
  await reconfigure({ ...files.config, keyStores: [{ ...first, ...changes }, ...others] });
  onTestFinished(() => reconfigure(files.config));
}

async function reconfigure(config: object): Promise<void> {
  const reloads = () =>
    proxy.log.filter(({ msg, trigger }) => msg === 'the configuration was reloaded' && trigger === 'SIGHUP').length;
  const before = reloads();
  files.writeConfig(config);
  proxy.signal('SIGHUP');
  await expect.poll(reloads).toBeGreaterThan(before);
}

const STRANGER = newCredential();

describe('the proxy decides', () => {
  it.each<[what: string, changes: () => object, errorType: string, exceptionName: string, message: string]>([
    [
      'blocks the key',
      () => ({ keys: [{ id: 'foo', status: 'blocked' }] }),
      'Non-retryable',
      'InvalidStateException',
      'The external key associated with this KMS key in an external key store is not enabled in the external key ' +
        'manager. Enable the external key in the external key manager and retry the request.',
    ],
    [
      'does not have the key any more',
      () => ({ keys: [{ id: 'another', label: 'foo' }] }),
      'Non-retryable',
      'KeyNotFoundException',
      'The external key associated with this KMS key in an external key store was not found in its external key ' +
        'manager. If the external key ID associated with this KMS key is incorrect, create a new KMS key with the ' +
        'correct external key ID.',
    ],
    [
      'has moved',
      () => ({ uriPathPrefix: '/moved' }),
      'Non-retryable',
      'InvalidUriPathException',
      'The external key store proxy rejected the request because of an invalid URI path. ' +
        'Verify the URI path for your external key store and update if necessary.',
    ],
    [
      'has another credential',
      () => ({
        credentials: [
          {
            accessKeyId: STRANGER.accessKeyId,
            secretAccessKey: files.writeSecret('stranger', STRANGER.secretAccessKey.reveal()),
          },
        ],
      }),
      'Non-retryable',
      'AuthenticationFailedException',
      'The external key store proxy rejected the request because it could not authenticate AWS KMS. ' +
        'Verify the XKS proxy authentication credentials for your external key store and update if necessary.',
    ],
    [
      'has had enough of this second',
      () => ({ quota: { requestsPerSecond: 1, burst: 1 } }),
      'Retryable',
      'ThrottlingException',
      'The external key store proxy rejected the request due to a very high request rate. ' +
        'Reduce the frequency of your calls using KMS keys in this external key store.',
    ],
  ])('when it %s', async (_what, changes, ErrorType, ExceptionName, message) => {
    const { running, kms, store, key } = await startWithKey();
    const blob = await kms.encryptText(key, 'x');
    await change(changes());
    const outcome = () => refusal(kms.decryptText(blob), KMSInvalidStateException).catch(() => 'none');
    await expect.poll(outcome, { interval: 1 }).toBe(message);
    const labels = {
      CustomKeyStoreId: store,
      KmsOperation: 'Decrypt',
      XksOperation: 'Decrypt',
      KeySpec: 'SYMMETRIC_DEFAULT',
      ErrorType,
      ExceptionName,
    };
    expect(valueOf(await metricsOf(running), 'XksProxyErrors', labels)).toBe(1);
    // The state of the key is known only to KMS.
    expect(await kms.keyState(key)).toBe('Enabled');
    const { detail } = await running.logged({ msg: 'proxy failed', reason: ExceptionName });
    expect(detail).not.toBe('');
    expect(message).not.toContain(detail);

    await reconfigure(files.config);
    expect(await kms.decryptText(blob)).toBe('x');
  });

  it('if its policy does not permit a caller', async () => {
    const { running, kms, key } = await startWithKey();
    const blob = await kms.encryptText(key, 'for Alice');
    writeFileSync(
      join(files.folder, 'orders.cedar'),
      `@id("alice")\npermit (principal == User::"${ALICE}", action, resource);\n`,
    );
    await change({ policyFile: 'orders.cedar' });
    expect(await new KmsCaller(running, 'ALICE').decryptText(blob)).toBe('for Alice');
    expect(await refusal(new KmsCaller(running, 'BOB').decryptText(blob), KMSInvalidStateException)).toBe(
      'The external key store proxy denied access to the operation. Verify that the user and the external key are both ' +
        'authorized for this operation, and try the request again.',
    );
  });
});

it('after a key is rotated at the proxy, encryption uses the new version, and both versions decrypt', async () => {
  const { kms, key } = await startWithKey();
  const before = await kms.encryptText(key, 'as before');
  onTestFinished(() => reconfigure(files.config));
  const rotation = ['key', 'rotate', 'foo', '--key-store', 'first', '--config', files.configFile];
  expect(await runCommand(rotation, files.env)).toMatchObject({ exitCode: 0 });
  // The proxy puts the version into its ciphertextMetadata.
  const blobLength = async () => (await kms.encryptText(key, 'as before')).length;
  await expect.poll(blobLength).toBeGreaterThan(before.length);
  const after = await kms.encryptText(key, 'from now on');
  expect(await kms.decryptText(before)).toBe('as before');
  expect(await kms.decryptText(after)).toBe('from now on');
});

it('a proxy with mTLS serves only a KMS that has its certificate', async () => {
  const mtls = new ProxyFiles();
  const { server } = mtls.config;
  const commonName = 'cks.kms.us-east-1.amazonaws.com';
  const clientAuth = { caFile: mtls.caFile, commonNames: [commonName] };
  mtls.writeConfig({ ...mtls.config, server: { ...server, tls: { ...('tls' in server && server.tls), clientAuth } } });
  const strict = await RunningProxy.start(mtls);
  onTestFinished(() => strict.dispose());
  const { certificateFile, privateKeyFile } = writeKeyPair(mtls.folder, 'client', testCertificates.client);

  const anonymous = await RunningLocalKms.start(optionsFor(strict));
  expect(await refusal(new KmsCaller(anonymous).createKeyStore(mtls), XksProxyUriUnreachableException)).toBe(
    'AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. ' +
      'If you see this error repeatedly, verify that your external key store proxy is active and is connected to the ' +
      'network, and that its endpoint URI is correct in your external keystore.',
  );
  const identified = ['--client-cert', certificateFile, '--client-key', privateKeyFile];
  const kms = new KmsCaller(await RunningLocalKms.start([...optionsFor(strict), ...identified]));
  const key = await kms.createKeyOver('foo', await kms.createConnectedKeyStore(mtls));
  expect(await kms.decryptText(await kms.encryptText(key, 'known'))).toBe('known');
  await strict.logged({ operation: 'Decrypt', clientCommonName: commonName, outcome: 'success' });
});

describe('in the background', () => {
  it('KMS checks the health of connected key stores, and of no others', async () => {
    const { kms } = await start('--health-check-seconds', '0.2');
    const ofFirst = await kms.createConnectedKeyStore(files);
    const checksOf = (accessKeyId: string) =>
      proxy.log.filter(
        (record) =>
          record['accessKeyId'] === accessKeyId &&
          (record['requestMetadata'] as { kmsOperation?: string } | undefined)?.kmsOperation === 'KmsHealthCheck',
      );
    const [{ accessKeyId: first }, { accessKeyId: second }] = [files.credentials[0], files.otherCredential];
    const before = checksOf(first).length;
    const reach = (accessKeyId: string, count: number) =>
      expect.poll(() => checksOf(accessKeyId).length).toBeGreaterThanOrEqual(count);
    const ofSecond = await kms.createKeyStore(files, files.otherCredential, OTHER_PREFIX);
    await reach(first, before + 3);
    expect(checksOf(second)).toEqual([]);
    expect(checksOf(first).at(-1)).toMatchObject({
      keyStore: 'first',
      operation: 'GetHealthStatus',
      requestMetadata: {
        kmsOperation: 'KmsHealthCheck',
        kmsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
    });

    await kms.connect(ofSecond);
    await kms.disconnect(ofFirst);
    // Requests that were on their way have arrived.
    await reach(second, 2);
    const last = checksOf(first).length;
    await reach(second, 5);
    expect(checksOf(first)).toHaveLength(last);
  });

  it('KMS counts and measures what CloudWatch would show', async () => {
    const { running, kms, store: CustomKeyStoreId, key } = await startWithKey('--health-check-seconds', '0.2');
    for (const text of ['a', 'b', 'c']) await kms.encryptText(key, text);
    const ofKeys = { KeySpec: 'SYMMETRIC_DEFAULT' };
    const encrypt = { CustomKeyStoreId, KmsOperation: 'Encrypt', XksOperation: 'Encrypt', ...ofKeys };
    const create = { CustomKeyStoreId, KmsOperation: 'CreateKey', XksOperation: 'GetKeyMetadata', ...ofKeys };
    const success = { ErrorType: 'N/A', ExceptionName: 'None' };
    const checks = { CustomKeyStoreId, KmsOperation: 'KmsHealthCheck', XksOperation: 'GetHealthStatus', ...success };
    await expect.poll(async () => valueOf(await metricsOf(running), 'XksProxyErrors', checks)).toBeGreaterThan(1);

    const samples = await metricsOf(running);
    expect(valueOf(samples, 'XksProxyErrors', { ...encrypt, ...success })).toBe(3);
    expect(valueOf(samples, 'XksProxyErrors', { ...create, ...success })).toBe(1);
    expect(valueOf(samples, 'XksProxyLatency_count', encrypt)).toBe(3);
    const states = ['Active', 'Degraded', 'Unavailable'].map((XksExternalKeyManagerState) =>
      valueOf(samples, 'XksExternalKeyManagerStates', { CustomKeyStoreId, XksExternalKeyManagerState }),
    );
    expect(states).toEqual([1, 0, 0]);
    const age = valueOf(samples, 'XksProxyCredentialAge', { CustomKeyStoreId });
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(1);
    const { validToDate } = new X509Certificate(testCertificates.server.certificate);
    const certificate = { CustomKeyStoreId, CertificateName: 'localhost' };
    const days = (validToDate.getTime() - Date.now()) / 86_400_000;
    expect(valueOf(samples, 'XksProxyCertificateDaysToExpire', certificate)).toBeCloseTo(days, 1);
  });
});

it('requests beyond the quota of KMS are throttled, and do not reach the proxy', async () => {
  const { running, kms, store: CustomKeyStoreId, key } = await startWithKey('--requests-per-second', '5');
  const calls = Array.from({ length: 40 }, () => kms.encryptText(key, 'x'));
  const outcomes = await Promise.allSettled(calls);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  const served = calls.length - failures.length;
  expect(served).toBeGreaterThanOrEqual(5);
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(KMSServiceException);
    expect(failure).toMatchObject({
      name: 'ThrottlingException',
      message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
    });
  }
  const samples = await metricsOf(running);
  const throttled = { CustomKeyStoreId, KmsOperation: 'Encrypt', KeySpec: 'SYMMETRIC_DEFAULT' };
  expect(valueOf(samples, 'ExternalKeyStoreThrottle', throttled)).toBe(failures.length);
  expect(valueOf(samples, 'XksProxyErrors', { ...throttled, ErrorType: 'N/A' })).toBe(served);
});
