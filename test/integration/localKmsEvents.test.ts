import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DisabledException, KMSInvalidStateException } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KmsCaller, keyStoreInput, optionsFor, refusal } from '../support/kmsCaller.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ACCOUNT = '111122223333';

interface Event {
  readonly eventName: string;
  readonly requestID?: string;
  readonly [field: string]: unknown;
}

let proxy: RunningProxy;
let files: ProxyFiles;
beforeAll(async () => {
  files = new ProxyFiles();
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

function readEvents(file: string): Event[] {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/\n$/);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event);
}

function resources(...arns: readonly string[]) {
  return arns.map((ARN) => ({ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN }));
}

async function start(options: readonly string[] = [], startWith: 'start' | 'startProcess' = 'start') {
  const folder = temporaryFolder({ 'aws.config': '[default]\ncli_follow_urlparam = false\n' });
  const file = join(folder, 'events.jsonl');
  const kms = await RunningLocalKms[startWith](['--events', file, ...optionsFor(proxy), ...options], folder);
  return { kms, file, folder };
}

it("the events show a key store's whole life with the AWS CLI, and no secret", async () => {
  const { kms, file, folder } = await start(['--day-seconds', '0.05']);
  const caller = new KmsCaller(kms);
  const aws = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { exitCode, stdout, stderr } = await kms.aws(...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  };
  const input = { ...keyStoreInput(files.credentials[0]), CustomKeyStoreName: 'Example' };
  const { AccessKeyId, RawSecretAccessKey } = input.XksProxyAuthenticationCredential;
  const plaintext = randomBytes(32).toString('hex');
  writeFileSync(join(folder, 'plaintext'), plaintext);

  const { CustomKeyStoreId: store } = await aws('create-custom-key-store', '--cli-input-json', JSON.stringify(input));
  const ofStore = ['--custom-key-store-id', String(store)];
  await aws('connect-custom-key-store', ...ofStore);
  await caller.reaches(String(store), 'CONNECTED');
  const created = await aws('create-key', '--origin', 'EXTERNAL_KEY_STORE', ...ofStore, '--xks-key-id', 'foo');
  const { KeyId: id, Arn: arn } = created['KeyMetadata'] as { KeyId: string; Arn: string };
  await caller.createAlias({ AliasName: 'alias/example', TargetKeyId: id });
  const context = ['--encryption-context', 'Purpose=Test'];
  const ofPlaintext = ['--plaintext', `fileb://${join(folder, 'plaintext')}`];
  const sealed = await aws('encrypt', '--key-id', 'alias/example', ...ofPlaintext, ...context);
  writeFileSync(join(folder, 'sealed'), Buffer.from(String(sealed['CiphertextBlob']), 'base64'));
  const ofSealed = ['--ciphertext-blob', `fileb://${join(folder, 'sealed')}`];
  await aws('decrypt', ...ofSealed, ...context);
  const moved = ['--source-encryption-context', 'Purpose=Test', '--destination-encryption-context', 'Purpose=Moved'];
  await aws('re-encrypt', ...ofSealed, '--destination-key-id', id, ...moved);
  const dataKey = await aws('generate-data-key', '--key-id', id, '--key-spec', 'AES_256');
  await caller.tagResource({ KeyId: id, Tags: [{ TagKey: 'Department', TagValue: 'IT' }] });
  await caller.getKeyPolicy({ KeyId: id });
  expect((await kms.aws('decrypt', ...ofSealed)).exitCode).not.toBe(0);
  await caller.deleteAlias({ AliasName: 'alias/example' });
  await aws('schedule-key-deletion', '--key-id', id, '--pending-window-in-days', '7');
  // No call is needed.
  await expect.poll(() => readEvents(file).at(-1)?.eventName).toBe('DeleteKey');
  await aws('disconnect-custom-key-store', ...ofStore);
  await caller.reaches(String(store), 'DISCONNECTED');
  await aws('delete-custom-key-store', ...ofStore);

  const events = readEvents(file).filter(({ eventName }) => eventName !== 'DescribeCustomKeyStores');
  expect(events.map(({ eventName, responseElements }) => [eventName, responseElements])).toEqual([
    ['CreateCustomKeyStore', { customKeyStoreId: store }],
    ['ConnectCustomKeyStore', null],
    [
      'CreateKey',
      {
        keyMetadata: expect.objectContaining({
          AWSAccountId: ACCOUNT,
          arn,
          keyState: 'Enabled',
          creationDate: expect.stringMatching(/^[A-Z][a-z]{2} \d+, 20\d\d, \d+:\d\d:\d\d [AP]M$/) as string,
          xksKeyConfiguration: { id: 'foo' },
        }) as object,
      },
    ],
    ['CreateAlias', { keyId: arn }],
    ['Encrypt', null],
    ['Decrypt', null],
    ['ReEncrypt', null],
    ['GenerateDataKey', null],
    ['TagResource', null],
    ['GetKeyPolicy', null],
    ['Decrypt', null],
    ['DeleteAlias', { keyId: arn }],
    ['ScheduleKeyDeletion', expect.objectContaining({ keyId: arn, keyState: 'PendingDeletion' })],
    ['DeleteKey', { keyId: arn }],
    ['DisconnectCustomKeyStore', null],
    ['DeleteCustomKeyStore', null],
  ]);
  const [createStore, connect, createKey, createAlias, encrypt, , reEncrypt, , tag, , failed] = events;
  expect(createStore).toMatchObject({
    requestParameters: {
      customKeyStoreName: 'Example',
      customKeyStoreType: 'EXTERNAL_KEY_STORE',
      xksProxyConnectivity: 'PUBLIC_ENDPOINT',
      xksProxyUriEndpoint: 'https://localhost',
      xksProxyUriPath: input.XksProxyUriPath,
    },
    userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/TEST`, accessKeyId: 'TEST', userName: 'TEST' },
    sourceIPAddress: '127.0.0.1',
    userAgent: expect.stringContaining('aws-cli') as string,
    eventType: 'AwsApiCall',
    readOnly: false,
  });
  expect(createStore).not.toHaveProperty('resources');
  expect(connect).toMatchObject({
    requestParameters: { customKeyStoreId: store },
    additionalEventData: { customKeyStoreName: 'Example' },
  });
  expect(createKey).toMatchObject({
    requestParameters: { origin: 'EXTERNAL_KEY_STORE', customKeyStoreId: store, xksKeyId: 'foo', description: '' },
    resources: resources(arn),
  });
  expect(createAlias).toMatchObject({
    resources: resources(arn, `arn:aws:kms:us-east-1:${ACCOUNT}:alias/example`),
  });
  const inStore = { customKeyStoreId: store, xksKeyId: 'foo' };
  expect(encrypt).toMatchObject({
    requestParameters: {
      keyId: 'alias/example',
      encryptionContext: { Purpose: 'Test' },
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    },
    additionalEventData: inStore,
    resources: resources(arn),
    readOnly: true,
  });
  expect(reEncrypt).toMatchObject({
    additionalEventData: { ...inStore, sourceCustomKeyStoreId: store, sourceXksKeyId: 'foo' },
    resources: resources(arn, arn),
  });
  expect(tag).toMatchObject({ requestParameters: { tags: [{ tagKey: 'Department', tagValue: 'IT' }] } });
  expect(failed).toMatchObject({
    errorCode: 'KMSInvalidStateException',
    errorMessage: expect.stringContaining('The external key store proxy rejected the request') as string,
    additionalEventData: inStore,
    resources: resources(arn),
  });
  const ids = events.map(({ eventID }) => eventID);
  expect(new Set(ids).size).toBe(ids.length);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const dataKeyPlaintext = Buffer.from(String(dataKey['Plaintext']), 'base64');
  const secrets = [RawSecretAccessKey, AccessKeyId, plaintext, dataKeyPlaintext, String(sealed['CiphertextBlob'])];
  const text = readFileSync(file, 'utf8');
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    for (const form of [bytes.toString('utf8'), bytes.toString('base64'), bytes.toString('hex')]) {
      expect(text).not.toContain(form);
    }
  }
});

it('the event of a call that failed before the proxy was asked names the key and the key store', async () => {
  const { kms, file } = await start();
  const caller = new KmsCaller(kms);
  const store = await caller.createConnectedKeyStore(files);
  const key = await caller.createKeyOver('foo', store);
  const blob = await caller.encryptText(key, 'x');
  await caller.disableKey({ KeyId: key });
  await refusal(caller.decryptText(blob), DisabledException);
  await caller.disconnect(store);
  await refusal(caller.decryptText(blob), KMSInvalidStateException);
  await caller.generateMac({ KeyId: key, Message: Buffer.from('m'), MacAlgorithm: 'HMAC_SHA_256' }).catch(() => 0);
  const failed = readEvents(file).filter(({ errorCode }) => errorCode !== undefined);
  const common = { additionalEventData: { customKeyStoreId: store, xksKeyId: 'foo' }, resources: resources(key) };
  expect(failed).toMatchObject([
    { eventName: 'Decrypt', errorCode: 'DisabledException', errorMessage: `${key} is disabled.`, ...common },
    { eventName: 'Decrypt', errorCode: 'KMSInvalidStateException', ...common },
    { eventName: 'GenerateMac', errorCode: 'InvalidKeyUsageException', requestParameters: { keyId: key } },
  ]);
});

it('every answer has its event, in order, also when the file is renamed and when the process ends', async () => {
  const { kms, file } = await start([], 'startProcess');
  const caller = new KmsCaller(kms);
  const answered: string[] = [];
  for (let number = 0; number < 40; number += 1) {
    if (number === 20) renameSync(file, `${file}.1`);
    const { $metadata } = await caller.listKeys({});
    answered.push($metadata.requestId ?? '');
  }
  const last = await Promise.all(Array.from({ length: 20 }, () => caller.listAliases({})));
  kms.signal('SIGTERM');
  expect(await kms.exitCode).toBe(0);
  const idsIn = (path: string) => readEvents(path).map(({ requestID }) => requestID);
  expect(idsIn(`${file}.1`)).toEqual(answered.slice(0, 20));
  expect(idsIn(file).slice(0, 20)).toEqual(answered.slice(20));
  expect(idsIn(file).slice(20).sort()).toEqual(last.map(({ $metadata }) => $metadata.requestId).sort());
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const again = await RunningLocalKms.startProcess(['--events', file], kms.folder);
  await new KmsCaller(again).listKeys({});
  expect(readEvents(file)).toHaveLength(41);
});

it('a key whose waiting period has ended while the process did not run has its event', async () => {
  const { kms, file } = await start(['--day-seconds', '0.2']);
  const caller = new KmsCaller(kms);
  const key = await caller.createKeyOver('foo', await caller.createConnectedKeyStore(files));
  await caller.scheduleKeyDeletion({ KeyId: key, PendingWindowInDays: 7 });
  kms.signal('SIGTERM');
  await kms.exitCode;
  expect(readEvents(file).at(-1)).toMatchObject({ eventName: 'ScheduleKeyDeletion' });
  await RunningLocalKms.start(['--events', file], kms.folder);
  await expect
    .poll(() => readEvents(file).at(-1))
    .toMatchObject({ eventName: 'DeleteKey', eventType: 'AwsServiceEvent', resources: resources(key) });
});

it('a file that does not hold events, such as the state file, is refused', async () => {
  const state = join(temporaryFolder(), 'kms.db');
  const run = (events: string) => runCommand(['kms', 'serve', '--port', '0', '--state', state, '--events', events]);
  const refused = (events: string, reason: string) => ({
    exitCode: 1,
    stdout: '',
    stderr: `The event file ${events} cannot be used (${reason}). Name another one with --events.\n`,
  });
  expect(await run('/dev/null')).toEqual(refused('/dev/null', 'it is not a file'));
  expect(await run(state)).toEqual(refused(state, 'it contains something other than events'));
});
