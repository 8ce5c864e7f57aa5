import {
  CancelKeyDeletionCommand,
  CreateCustomKeyStoreCommand,
  CustomKeyStoreNameInUseException,
  DecryptCommand,
  DescribeKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  KMSClient,
  KMSInternalException,
  KMSInvalidStateException,
  KMSServiceException,
  ListKeysCommand,
  UnsupportedOperationException,
  type KMSClientConfig,
} from '@aws-sdk/client-kms';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { listenKms } from '../../src/kms/api/listenKms.ts';
import { KmsError } from '../../src/kms/kmsError.ts';
import { encryptionContext, keyId, plaintext } from '../../src/kms/operations/members.ts';
import { operation, type Operation } from '../../src/kms/operations/operation.ts';
import { ACCESS_KEY_ID, KmsAppUnderTest, UUID } from '../support/kmsAppUnderTest.ts';

let failures: Error[];
let attempts: number;
/** Throws one of the failures at each call, and succeeds after the last one. */
const failing: Operation = () => {
  attempts += 1;
  const failure = failures.shift();
  return failure ? Promise.reject(failure) : Promise.resolve({ Keys: [], Truncated: false });
};

const operations: Readonly<Record<string, Operation>> = {
  Encrypt: operation(
    z.object({ KeyId: keyId, Plaintext: plaintext, EncryptionContext: encryptionContext }),
    (_kms, { KeyId, Plaintext, EncryptionContext }) => ({
      KeyId,
      CiphertextBlob: Buffer.concat([Plaintext, Buffer.from(JSON.stringify(EncryptionContext))]),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    }),
  ),
  EnableKey: () => Promise.resolve(undefined),
  CancelKeyDeletion: () => Promise.resolve({}),
  DescribeKey: operation(z.object({ KeyId: keyId }), (_kms, { KeyId }) => ({
    KeyMetadata: { KeyId, CreationDate: new Date(1_767_225_600_123), Enabled: true, DeletionDate: undefined },
  })),
  ListKeys: failing,
  Decrypt: failing,
  CreateCustomKeyStore: failing,
};

let app: KmsAppUnderTest;
let port: number;
let client: KMSClient;
beforeEach(async () => {
  failures = [];
  attempts = 0;
  app = new KmsAppUnderTest(operations);
  const onError = (error: Error) => failures.push(error);
  const listening = await listenKms({ host: '127.0.0.1', port: 0, onError }, app.listener);
  ({ port } = listening);
  client = clientOf({});
  onTestFinished(() => listening.close());
});

function clientOf(config: KMSClientConfig): KMSClient {
  const made = new KMSClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: 'any' },
    ...config,
  });
  onTestFinished(() => {
    made.destroy();
  });
  return made;
}

describe('the SDK of AWS reads', () => {
  it('blobs, in both directions', async () => {
    const Plaintext = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256));
    const output = await client.send(new EncryptCommand({ KeyId: 'k', Plaintext, EncryptionContext: { é: '\0' } }));
    expect(output).toMatchObject({ KeyId: 'k', EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    expect(Buffer.from(output.CiphertextBlob ?? [])).toEqual(
      Buffer.concat([Plaintext, Buffer.from('{"é":"\\u0000"}')]),
    );
    expect(output.$metadata).toMatchObject({
      httpStatusCode: 200,
      attempts: 1,
      requestId: expect.stringMatching(UUID) as string,
    });
    expect(app.logged).toMatchObject([{ record: { requestID: output.$metadata.requestId } }]);
  });

  it('times, to the millisecond', async () => {
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: 'k' }));
    expect(KeyMetadata).toEqual({ KeyId: 'k', CreationDate: new Date(1_767_225_600_123), Enabled: true });
  });

  it('an absent body, and an empty one', async () => {
    const { $metadata: none, ...nothing } = await client.send(new EnableKeyCommand({ KeyId: 'k' }));
    expect(nothing).toEqual({});
    const { $metadata: empty, ...nothingElse } = await client.send(new CancelKeyDeletionCommand({ KeyId: 'k' }));
    expect(nothingElse).toEqual({});
    expect([none.httpStatusCode, empty.httpStatusCode]).toEqual([200, 200]);
  });
});

describe('the SDK of AWS makes', () => {
  it.each([
    [
      'KMSInvalidStateException',
      () => client.send(new DecryptCommand({ CiphertextBlob: Buffer.from('x') })),
      KMSInvalidStateException,
      new KmsError('KMSInvalidStateException', 'arn:aws:kms:… is unavailable.'),
    ],
    [
      'CustomKeyStoreNameInUseException',
      () => client.send(new CreateCustomKeyStoreCommand({ CustomKeyStoreName: 'x' })),
      CustomKeyStoreNameInUseException,
      new KmsError('CustomKeyStoreNameInUseException', 'The name is in use.'),
    ],
  ])('%s of that error', async (name, send, errorClass, failure) => {
    failures = [failure];
    const error = await rejectionOf(send());
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ name, message: failure.message, $fault: 'client', $metadata: { attempts: 1 } });
    expect(error.$metadata.requestId).toMatch(UUID);
  });

  it('UnsupportedOperationException of an operation that the local KMS lacks', async () => {
    const command = new GenerateMacCommand({ KeyId: 'k', Message: Buffer.from('m'), MacAlgorithm: 'HMAC_SHA_256' });
    const error = await rejectionOf(client.send(command));
    expect(error).toBeInstanceOf(UnsupportedOperationException);
    expect(error.message).toBe('The local KMS does not support the operation GenerateMac');
  });

  it('KMSInternalException of an unforeseen failure, after three attempts', async () => {
    failures = [1, 2, 3].map(() => new Error('quotes a secret'));
    const error = await rejectionOf(client.send(new ListKeysCommand({})));
    expect(error).toBeInstanceOf(KMSInternalException);
    expect(error).toMatchObject({
      message: 'The local KMS failed.',
      $fault: 'server',
      $metadata: { httpStatusCode: 500, attempts: 3 },
    });
    expect(attempts).toBe(3);
  });

  it('a service exception of errors that the service model of KMS lacks', async () => {
    const elsewhere = clientOf({ region: 'eu-west-1' });
    const error = await rejectionOf(elsewhere.send(new ListKeysCommand({})));
    expect(error).toBeInstanceOf(KMSServiceException);
    expect(error).toMatchObject({
      name: 'InvalidSignatureException',
      message: "Credential should be scoped to a valid region: 'us-east-1'.",
      $metadata: { httpStatusCode: 400, attempts: 1 },
    });
  });
});

describe('the SDK of AWS tries again', () => {
  it('after ThrottlingException', async () => {
    failures = [new KmsError('ThrottlingException', 'Rate exceeded')];
    const { $metadata, Keys } = await client.send(new ListKeysCommand({}));
    expect(Keys).toEqual([]);
    expect($metadata.attempts).toBe(2);
    expect(app.logged).toMatchObject([
      { level: 'warn', record: { errorCode: 'ThrottlingException', errorMessage: 'Rate exceeded' } },
      { level: 'info' },
    ]);
  });

  it('but not after other errors', async () => {
    failures = [new KmsError('KMSInvalidStateException', 'no')];
    expect((await rejectionOf(client.send(new ListKeysCommand({})))).message).toBe('no');
    expect(attempts).toBe(1);
  });
});

async function rejectionOf(answer: Promise<unknown>): Promise<KMSServiceException> {
  const error: unknown = await answer.catch((rejection: unknown) => rejection);
  if (!(error instanceof KMSServiceException)) throw new Error('not an exception of the service', { cause: error });
  return error;
}
