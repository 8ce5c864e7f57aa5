import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { base64, encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';

let proxy: ProxyUnderTest;
beforeEach(() => {
  proxy = new ProxyUnderTest();
});

interface Encrypted {
  ciphertext: string;
  initializationVector: string;
  authenticationTag: string;
  ciphertextDataIntegrityValue?: string;
}

async function encrypted(extra: object = {}): Promise<Encrypted> {
  const response = await proxy.post(paths.encrypt, { ...encryptBody, ...extra });
  expect(response.status).toBe(200);
  return response.body as Encrypted;
}

function decryptBody({ ciphertext, initializationVector, authenticationTag }: Encrypted, extra: object = {}): object {
  return {
    requestMetadata: { ...requestMetadata, kmsOperation: 'Decrypt' },
    encryptionAlgorithm: 'AES_GCM',
    ciphertext,
    initializationVector,
    authenticationTag,
    ...extra,
  };
}

describe('Encrypt and Decrypt', () => {
  it.each([0, 1, 4300])('returns what was encrypted (%i bytes)', async (size) => {
    const plaintext = base64(size);
    const sealed = await encrypted({ plaintext });
    expect(Buffer.from(sealed.ciphertext, 'base64')).toHaveLength(size);
    expect(Buffer.from(sealed.initializationVector, 'base64')).toHaveLength(12);
    expect(Buffer.from(sealed.authenticationTag, 'base64')).toHaveLength(16);
    const response = await proxy.post(paths.decrypt, decryptBody(sealed));
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.body).toEqual({ plaintext });
  });

  it('frames the AAD with the lengths of both parts', async () => {
    await encrypted({ additionalAuthenticatedData: base64(8192) });
    const framed = proxy.keyManager.encrypted[0]?.aad;
    expect(framed).toEqual(Buffer.concat([Buffer.from([0x20, 0x00]), Buffer.alloc(8192, 7), Buffer.from([0])]));
  });

  it.each([{ 'Content-Type': 'text/plain' }, { 'Content-Encoding': 'identity' }])('accepts %j', async (headers) => {
    expect((await proxy.post(paths.encrypt, encryptBody, { headers })).status).toBe(200);
  });

  it('treats an absent AAD and an empty one as the same input', async () => {
    const sealed = await encrypted({ additionalAuthenticatedData: '' });
    expect((await proxy.post(paths.decrypt, decryptBody(sealed))).status).toBe(200);
  });

  it.each([
    ['ciphertext', { ciphertext: base64(12, 1) }],
    ['IV', { initializationVector: base64(12, 1) }],
    ['IV of 16 bytes', { initializationVector: base64(16, 1) }],
    ['IV of 11 bytes', { initializationVector: base64(11, 1) }],
    ['tag', { authenticationTag: base64(16, 1) }],
    ['tag of 12 bytes', { authenticationTag: base64(12, 1) }],
    ['AAD', { additionalAuthenticatedData: base64(3) }],
    ['ciphertextMetadata', { ciphertextMetadata: base64(20) }],
  ])('refuses to decrypt with another %s', async (_what, change) => {
    const sealed = await encrypted();
    const response = await proxy.post(paths.decrypt, decryptBody(sealed, change));
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ errorName: 'InvalidCiphertextException' });
  });

  it('refuses metadata that is replayed as AAD', async () => {
    const sealed = await encrypted({ additionalAuthenticatedData: base64(5) });
    const response = await proxy.post(paths.decrypt, decryptBody(sealed, { ciphertextMetadata: base64(5) }));
    expect(response.body).toMatchObject({ errorName: 'InvalidCiphertextException' });
  });
});

describe('CDIV', () => {
  it('is returned when it is requested, over the decoded fields', async () => {
    const sealed = await encrypted({
      additionalAuthenticatedData: base64(9),
      ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
    });
    const digest = createHash('sha256');
    digest.update(Buffer.alloc(9, 7));
    for (const field of [sealed.initializationVector, sealed.ciphertext, sealed.authenticationTag]) {
      digest.update(Buffer.from(field, 'base64'));
    }
    expect(sealed.ciphertextDataIntegrityValue).toBe(digest.digest('base64'));
  });

  it('is computed before the ciphertext is decrypted, so that it reveals a corruption in between', async () => {
    const { keyManager } = proxy;
    const intact = keyManager.decrypt.bind(keyManager);
    keyManager.decrypt = async (label, sealed, aad) => {
      const plaintext = await intact(label, sealed, aad);
      sealed.ciphertext[0] = (sealed.ciphertext[0] ?? 0) ^ 1;
      return plaintext;
    };
    const sealed = await encrypted({ ciphertextDataIntegrityValueAlgorithm: 'SHA_256' });
    const corrupted = Buffer.from(sealed.ciphertext, 'base64');
    const cdivOf = (ciphertext: Buffer) => {
      const [iv, tag] = [sealed.initializationVector, sealed.authenticationTag].map((field) =>
        Buffer.from(field, 'base64'),
      );
      return createHash('sha256')
        .update(Buffer.concat([iv ?? corrupted, ciphertext, tag ?? corrupted]))
        .digest('base64');
    };
    expect(sealed.ciphertextDataIntegrityValue).not.toBe(cdivOf(corrupted));
    corrupted[0] = (corrupted[0] ?? 0) ^ 1;
    expect(sealed.ciphertextDataIntegrityValue).toBe(cdivOf(corrupted));
  });

  it('is not returned when it is not requested', async () => {
    expect(await encrypted()).not.toHaveProperty('ciphertextDataIntegrityValue');
  });

  it('is not returned if the ciphertext does not decrypt to the plaintext: InternalException', async () => {
    const { keyManager } = proxy;
    const intact = keyManager.encrypt.bind(keyManager);
    keyManager.encrypt = async (...args) => {
      const sealed = await intact(...args);
      sealed.ciphertext[0] = (sealed.ciphertext[0] ?? 0) ^ 1;
      return sealed;
    };
    const response = await proxy.post(paths.encrypt, {
      ...encryptBody,
      ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
    });
    expect(response.status).toBe(500);
    expect(response.body).toMatchObject({ errorName: 'InternalException' });
    expect(response.body).not.toHaveProperty('ciphertext');
  });
});

describe('GetKeyMetadata', () => {
  it.each([
    ['foo', ['ENCRYPT', 'DECRYPT']],
    ['encrypt-only', ['ENCRYPT']],
    ['neither', []],
  ])('shows the usage of the key %s', async (id, keyUsage) => {
    const response = await proxy.post(keyPath(id, 'metadata'), {
      requestMetadata: { ...requestMetadata, kmsKeyArn: undefined },
    });
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ keySpec: 'AES_256', keyUsage, keyStatus: 'ENABLED' });
  });
});

describe('GetHealthStatus', () => {
  it.each(['ACTIVE', 'DEGRADED'] as const)('says that a key manager is %s', async (status) => {
    proxy.healthStatus = status;
    const response = await proxy.post(paths.health, { requestMetadata: healthMetadata });
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      xksProxyFleetSize: 2,
      xksProxyVendor: 'xks-proxy',
      xksProxyModel: 'xks-proxy 0.0',
      ekmVendor: 'tests',
      ekmFleetDetails: [{ id: 'memory-1', model: 'in memory 1.0', healthStatus: status }],
    });
  });

  it('is an error if no key manager can serve', async () => {
    proxy.healthStatus = 'UNAVAILABLE';
    const response = await proxy.post(paths.health, { requestMetadata: healthMetadata });
    expect(response.status).toBe(500);
    expect(response.body).toMatchObject({ errorName: 'InternalException' });
  });
});

describe('key stores', () => {
  const bar = keyPath('bar', 'encrypt', OTHER_PREFIX);

  it('have their own credentials', async () => {
    expect((await proxy.post(bar, encryptBody)).body).toMatchObject({ errorName: 'AuthenticationFailedException' });
    expect((await proxy.post(bar, encryptBody, { credential: proxy.otherCredential })).status).toBe(200);
  });

  it('have their own keys', async () => {
    const response = await proxy.post(keyPath('foo', 'encrypt', OTHER_PREFIX), encryptBody, {
      credential: proxy.otherCredential,
    });
    expect(response.status).toBe(404);
    expect(response.body).toMatchObject({ errorName: 'KeyNotFoundException' });
  });

  it('accept each of their credentials', async () => {
    const response = await proxy.post(paths.encrypt, encryptBody, { credential: proxy.credentials[1] });
    expect(response.status).toBe(200);
  });
});
