import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64, encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles());
});
afterAll(() => proxy.dispose());

describe('over HTTPS, signed by aws4', () => {
  it('all four operations work on one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const health = await proxy.post(paths.health, { requestMetadata: healthMetadata }, { agent });
    const metadata = await proxy.post(paths.metadata, { requestMetadata }, { agent });
    const sealed = await proxy.post(paths.encrypt, encryptBody, { agent });
    const opened = await proxy.post(paths.decrypt, { ...encryptBody, ...sealed.body }, { agent });
    agent.destroy();
    expect([health, metadata, sealed, opened].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(metadata.body).toMatchObject({ keySpec: 'AES_256', keyStatus: 'ENABLED' });
    expect(opened.body).toEqual({ plaintext: encryptBody.plaintext });
  });

  it('one credential of a key store decrypts the ciphertext of another', async () => {
    const [first, second] = proxy.files.credentials;
    const sealed = await proxy.post(paths.encrypt, encryptBody, { credential: first });
    const opened = await proxy.post(paths.decrypt, { ...encryptBody, ...sealed.body }, { credential: second });
    expect(opened).toMatchObject({ status: 200, body: { plaintext: encryptBody.plaintext } });
  });

  it.each([
    ['plaintext', base64(12)],
    ['ciphertext', base64(12)],
    ['initializationVector', base64(12)],
    ['initializationVector', base64(16)],
    ['authenticationTag', base64(16)],
    ['additionalAuthenticatedData', base64(1)],
    ['ciphertextMetadata', base64(1)],
  ])('another %s makes Decrypt fail, unless the field is plaintext', async (field, value) => {
    const sealed = await proxy.post(paths.encrypt, encryptBody);
    const opened = await proxy.post(paths.decrypt, { ...encryptBody, ...sealed.body, [field]: value });
    expect(opened).toMatchObject(
      field === 'plaintext' ? { status: 200 } : { status: 400, body: { errorName: 'InvalidCiphertextException' } },
    );
  });
});

describe('two key stores of one proxy', () => {
  const otherEncrypt = keyPath('bar', 'encrypt', OTHER_PREFIX);
  const otherDecrypt = keyPath('bar', 'decrypt', OTHER_PREFIX);

  it('know only their own credentials', async () => {
    const refused = { status: 401, body: { errorName: 'AuthenticationFailedException' } };
    const { credentials, otherCredential: credential } = proxy.files;
    expect(await proxy.post(paths.encrypt, encryptBody, { credential })).toMatchObject(refused);
    expect(await proxy.post(otherEncrypt, encryptBody, { credential: credentials[0] })).toMatchObject(refused);
  });

  it('know only their own keys', async () => {
    const unknown = { status: 404, body: { errorName: 'KeyNotFoundException' } };
    const { otherCredential: credential } = proxy.files;
    expect(await proxy.post(keyPath('bar', 'encrypt'), encryptBody)).toMatchObject(unknown);
    expect(await proxy.post(keyPath('foo', 'encrypt', OTHER_PREFIX), encryptBody, { credential })).toMatchObject(
      unknown,
    );
  });

  it('do not decrypt the ciphertext of each other', async () => {
    const { otherCredential: credential } = proxy.files;
    const sealed = await proxy.post(paths.encrypt, encryptBody);
    const opened = await proxy.post(otherDecrypt, { ...encryptBody, ...sealed.body }, { credential });
    expect(opened).toMatchObject({ status: 400, body: { errorName: 'InvalidCiphertextException' } });
  });
});
