import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KnownKey, type Body } from '../support/knownKey.ts';
import { encryptBody, keyPath } from '../support/messages.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';
import { ProxyFiles, RunningProxy, type Answer } from '../support/runningProxy.ts';

const key = new KnownKey();
const plaintext = Buffer.from('made by the sample proxy');
const AAD = Buffer.from('project=nile,department=marketing');
const METADATA = Buffer.from('sample');
const NO_BYTES = Buffer.alloc(0);
const OPENED = { status: 200, body: { plaintext: plaintext.toString('base64') } };
const INVALID = { status: 400, body: { errorName: 'InvalidCiphertextException' } };

let proxy: RunningProxy;

// One token key in two key stores. The first also decrypts ciphertexts of AWS's sample proxy.
beforeAll(async () => {
  const files = new ProxyFiles({ tls: false });
  files.softHsm.importKey('known', key.value);
  const [first, second] = files.config.keyStores;
  const keys = [{ id: 'known' }];
  const keyStores = [
    { ...first, keys, decryptAlso: 'aws-sample-proxy' },
    { ...second, keys },
  ];
  files.writeConfig({ ...files.config, keyStores });
  proxy = await RunningProxy.start(files);
});

afterAll(() => proxy.dispose());

// aws-samples/aws-kms-xks-proxy: the length of the AAD, its SHA-256 unless it is absent, length and bytes of the metadata.
function sampleCiphertext(aad: Buffer | undefined, metadata: Buffer): Body {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(aad?.length ?? 0);
  const digest = aad ? hash('sha256', aad, 'buffer') : NO_BYTES;
  return {
    ...encryptBody,
    ...key.seal(plaintext, Buffer.concat([length, digest, Buffer.of(metadata.length), metadata])),
    ...(aad && { additionalAuthenticatedData: aad.toString('base64') }),
    ...(metadata.length > 0 && { ciphertextMetadata: metadata.toString('base64') }),
  };
}

function decrypt(body: Body): Promise<Answer> {
  return proxy.post(keyPath('known', 'decrypt'), body);
}

describe.each([
  ['no AAD', undefined, NO_BYTES],
  ['an empty AAD', NO_BYTES, NO_BYTES],
  ['an AAD', AAD, NO_BYTES],
  ['an AAD of 8,192 bytes', Buffer.alloc(8_192, 7), NO_BYTES],
  ['no AAD and metadata', undefined, METADATA],
  ['an AAD and metadata', AAD, METADATA],
])("a ciphertext that AWS's sample proxy made with %s", (_, aad, metadata) => {
  it('can be decrypted in a key store with decryptAlso', async () => {
    expect(await decrypt(sampleCiphertext(aad, metadata))).toEqual(OPENED);
  });

  it('can be decrypted elsewhere only without an AAD, where both formats are the same', async () => {
    const options = { credential: proxy.files.otherCredential };
    const path = keyPath('known', 'decrypt', OTHER_PREFIX);
    expect(await proxy.post(path, sampleCiphertext(aad, metadata), options)).toMatchObject(aad ? INVALID : OPENED);
  });

  it('cannot be decrypted if anything is changed', async () => {
    const whole = sampleCiphertext(aad, metadata);
    for (const change of [
      { ciphertextMetadata: 'AAAA' },
      { additionalAuthenticatedData: 'AAAA' },
      { authenticationTag: Buffer.alloc(16).toString('base64') },
    ]) {
      expect(await decrypt({ ...whole, ...change })).toMatchObject(INVALID);
    }
  });
});

it('new data has the format of the specification, and both key stores decrypt it', async () => {
  const body = { ...encryptBody, additionalAuthenticatedData: AAD.toString('base64') };
  const sealed = await proxy.post(keyPath('known', 'encrypt'), body);
  expect(sealed.status).toBe(200);
  expect(key.open(sealed.body, AAD).toString('base64')).toBe(body.plaintext);
  const right = { status: 200, body: { plaintext: body.plaintext } };
  expect(await decrypt({ ...body, ...sealed.body })).toEqual(right);
  const options = { credential: proxy.files.otherCredential };
  expect(await proxy.post(keyPath('known', 'decrypt', OTHER_PREFIX), { ...body, ...sealed.body }, options)).toEqual(
    right,
  );
});
