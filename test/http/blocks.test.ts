import { beforeEach, describe, expect, it } from 'vitest';
import { BlockList } from '../../src/blocks/blockList.ts';
import { TokenBucket } from '../../src/timing/tokenBucket.ts';
import { base64, encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';

const decryptBody = {
  requestMetadata,
  ciphertext: base64(12),
  encryptionAlgorithm: 'AES_GCM',
  initializationVector: base64(12),
  authenticationTag: base64(16),
};

const REQUESTS = [
  ['GetHealthStatus', paths.health, { requestMetadata: healthMetadata }],
  ['GetKeyMetadata', paths.metadata, { requestMetadata }],
  ['Encrypt', paths.encrypt, encryptBody],
  ['Decrypt', paths.decrypt, decryptBody],
  ['Encrypt with an unknown key', keyPath('nope', 'encrypt'), encryptBody],
] as const;

const KEY_BLOCKED = { errorName: 'InvalidStateException', errorMessage: 'The external key is blocked by the proxy.' };
const KEY_STORE_BLOCKED = {
  errorName: 'InvalidStateException',
  errorMessage: 'The key store is blocked by the proxy.',
};

let proxy: ProxyUnderTest;
beforeEach(() => {
  proxy = new ProxyUnderTest();
});

describe.each([
  [
    'the block list',
    () => {
      proxy.blockList = proxy.blockList.with({ keyStore: 'first' });
    },
  ],
  [
    'the configuration',
    () => {
      proxy.block();
    },
  ],
])('if %s blocks a key store, it', (_, block) => {
  beforeEach(() => {
    block();
  });

  it.each(REQUESTS)('refuses %s', async (_api, path, body) => {
    const response = await proxy.post(path, body);
    expect(response.status).toBe(400);
    expect(response.body).toEqual(KEY_STORE_BLOCKED);
    expect(proxy.lastLogged?.record).toMatchObject({
      keyStore: 'first',
      errorName: 'InvalidStateException',
      requestMetadata: { kmsRequestId: body.requestMetadata.kmsRequestId },
    });
  });

  it('refuses with the block as the reason, even if the quota is used up', async () => {
    proxy.limit(new TokenBucket({ requestsPerSecond: 1, burst: 1 }, () => 0));
    for (let count = 0; count < 3; count += 1)
      expect((await proxy.post(paths.encrypt, encryptBody)).body).toEqual(KEY_STORE_BLOCKED);
  });

  it('says nothing about the block to a request that is not signed with its credential', async () => {
    const credential = proxy.otherCredential;
    expect((await proxy.post(paths.encrypt, encryptBody, { credential })).status).toBe(401);
  });

  it('leaves other key stores unblocked', async () => {
    const path = keyPath('bar', 'encrypt', OTHER_PREFIX);
    expect((await proxy.post(path, encryptBody, { credential: proxy.otherCredential })).status).toBe(200);
  });
});

it('a key on the block list is refused, and served again when it is removed from the list', async () => {
  proxy.blockList = proxy.blockList.with({ keyStore: 'first', externalKeyId: 'foo' });
  for (const [, path, body] of REQUESTS.slice(1, 4)) {
    const response = await proxy.post(path, body);
    expect(response.status).toBe(400);
    expect(response.body).toEqual(KEY_BLOCKED);
  }
  expect((await proxy.post(keyPath('encrypt-only', 'encrypt'), encryptBody)).status).toBe(200);
  proxy.blockList = BlockList.EMPTY;
  expect((await proxy.post(paths.encrypt, encryptBody)).status).toBe(200);
});

it('a key that is blocked while the key manager works is refused: no success follows a refusal', async () => {
  const { keyManager } = proxy;
  const encrypt = keyManager.encrypt.bind(keyManager);
  keyManager.encrypt = (...args) => {
    proxy.blockList = proxy.blockList.with({ keyStore: 'first', externalKeyId: 'foo' });
    return encrypt(...args);
  };
  const response = await proxy.post(paths.encrypt, encryptBody);
  expect(keyManager.encrypted).toHaveLength(1);
  expect(response.status).toBe(400);
  expect(response.body).toEqual(KEY_BLOCKED);
  expect(proxy.lastLogged?.record).toMatchObject({ outcome: 'failure', errorName: 'InvalidStateException' });
});
