import { expect, it } from 'vitest';
import { decrypt } from '../../src/kms/operations/cryptography/decrypt.ts';
import { encrypt } from '../../src/kms/operations/cryptography/encrypt.ts';
import type { ExternalCiphertext, XksCall } from '../../src/kms/xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../../src/kms/xksProxy/xksProxyFailure.ts';
import type { XksErrorName } from '../../src/xks/errors.ts';
import { InMemoryXksProxy } from '../support/inMemoryXksProxy.ts';
import { LocalKmsUnderTest } from '../support/localKmsUnderTest.ts';
import { keyPath } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';

/** Sends the requests of the local KMS to the app of the proxy. */
class ClientOfTheApp extends InMemoryXksProxy {
  readonly proxy = new ProxyUnderTest();

  override async encrypt(call: XksCall, id: string, plaintext: Buffer, aad: Buffer): Promise<ExternalCiphertext> {
    const answer = await this.#post(call, keyPath(id, 'encrypt'), {
      plaintext: plaintext.toString('base64'),
      additionalAuthenticatedData: aad.toString('base64'),
    });
    return {
      ciphertext: answer('ciphertext'),
      initializationVector: answer('initializationVector'),
      authenticationTag: answer('authenticationTag'),
      ciphertextMetadata: answer('ciphertextMetadata'),
    };
  }

  override async decrypt(call: XksCall, id: string, sealed: ExternalCiphertext, aad: Buffer): Promise<Buffer> {
    const { ciphertext, initializationVector, authenticationTag } = sealed;
    const answer = await this.#post(call, keyPath(id, 'decrypt'), {
      ciphertext: ciphertext.toString('base64'),
      initializationVector: initializationVector.toString('base64'),
      authenticationTag: authenticationTag.toString('base64'),
      additionalAuthenticatedData: aad.toString('base64'),
    });
    return answer('plaintext');
  }

  async #post({ requestMetadata }: XksCall, path: string, members: object): Promise<(member: string) => Buffer> {
    const response = await this.proxy.post(path, { requestMetadata, encryptionAlgorithm: 'AES_GCM', ...members });
    const body = response.body as Record<string, string>;
    if (response.status !== 200) throw new XksProxyFailure(body['errorName'] as XksErrorName, response.text);
    return (member) => Buffer.from(body[member] ?? '', 'base64');
  }
}

class KmsOverTheApp extends LocalKmsUnderTest {
  override readonly xksProxy = new ClientOfTheApp();
}

it('data that the local KMS encrypts through the proxy decrypts again, for all sizes that proxies support', async () => {
  const kms = new KmsOverTheApp();
  const { keyId } = kms.addKey(kms.addKeyStore().customKeyStoreId);
  const Plaintext = Buffer.alloc(4096, 'x');
  const EncryptionContext = { a: 'x'.repeat(8187) };
  const encrypted = await kms.call(encrypt, {
    KeyId: keyId,
    Plaintext: Plaintext.toString('base64'),
    EncryptionContext,
  });
  const CiphertextBlob = (encrypted?.['CiphertextBlob'] as Buffer).toString('base64');
  expect(await kms.call(decrypt, { CiphertextBlob, EncryptionContext })).toMatchObject({ Plaintext });
  await expect(kms.call(decrypt, { CiphertextBlob })).rejects.toMatchObject({
    errorName: 'KMSInvalidStateException',
    message:
      'The external key store proxy rejected the request because the specified ciphertext or encryption context is ' +
      'corrupted, missing, or otherwise invalid.',
  });
  const requestMetadata = { kmsKeyArn: `arn:aws:kms:us-east-1:111122223333:key/${keyId}` };
  expect(kms.xksProxy.proxy.logged.map(({ record }) => record)).toMatchObject([
    { httpStatus: 200, requestMetadata: { ...requestMetadata, kmsOperation: 'Encrypt' } },
    { httpStatus: 200, requestMetadata: { ...requestMetadata, kmsOperation: 'Decrypt' } },
    { httpStatus: 400, errorName: 'InvalidCiphertextException' },
  ]);
});
