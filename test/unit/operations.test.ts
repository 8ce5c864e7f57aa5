import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { decrypt } from '../../src/operations/decrypt.ts';
import { encrypt } from '../../src/operations/encrypt.ts';
import { getKeyMetadata } from '../../src/operations/getKeyMetadata.ts';
import type { ExternalKey, KeyVersion } from '../../src/operations/externalKey.ts';
import { keyVersionMetadata } from '../../src/xks/ciphertextMetadata.ts';
import type { EncryptResponse } from '../../src/xks/messages/encrypt.ts';
import { InMemoryKeyManager } from '../support/inMemoryKeyManager.ts';

const plaintext = Buffer.from('plaintext');
const opened = { plaintext: plaintext.toString('base64') };
const aad = Buffer.from('project=nile');
const DEADLINE = 4_711;
const none = Buffer.alloc(0);
const invalid = { errorName: 'InvalidCiphertextException' };

let keyManager: InMemoryKeyManager;
beforeEach(() => {
  keyManager = new InMemoryKeyManager().addKey('one').addKey('two').addKey('three');
});

function version(label: string): KeyVersion {
  return { label, ciphertextMetadata: keyVersionMetadata({ label }) };
}

function key(...versions: [KeyVersion, ...KeyVersion[]]): ExternalKey {
  return { id: 'key', versions, status: 'enabled' };
}

const unversioned = key({ label: 'one', ciphertextMetadata: none });

function encryptWith(external: ExternalKey): Promise<EncryptResponse> {
  return encrypt(keyManager, external, { plaintext, additionalAuthenticatedData: aad, wantsCdiv: true }, DEADLINE);
}

/** Uses the AAD and metadata of the encryption, unless others are given. */
function decryptWith(
  external: ExternalKey,
  sealed: EncryptResponse,
  given: { metadata?: Buffer; aad?: Buffer | undefined } = {},
) {
  const { metadata = Buffer.from(sealed.ciphertextMetadata ?? '', 'base64') } = given;
  return decrypt(
    keyManager,
    external,
    {
      ciphertext: Buffer.from(sealed.ciphertext, 'base64'),
      initializationVector: Buffer.from(sealed.initializationVector, 'base64'),
      authenticationTag: Buffer.from(sealed.authenticationTag, 'base64'),
      additionalAuthenticatedData: 'aad' in given ? given.aad : aad,
      ciphertextMetadata: metadata,
    },
    DEADLINE,
  );
}

describe('versions of a key', () => {
  it('encrypt with the newest, which ciphertextMetadata names in at most 20 bytes', async () => {
    const sealed = await encryptWith(key(version('one'), version('two')));
    const metadata = Buffer.from(sealed.ciphertextMetadata ?? '', 'base64');
    expect(metadata).toEqual(keyVersionMetadata({ label: 'two' }));
    expect(metadata.length).toBeLessThanOrEqual(20);
    expect(await decryptWith(key(version('two')), sealed)).toEqual(opened);
  });

  it('decrypt with the version that encrypted, even after another rotation', async () => {
    const sealed = await encryptWith(key(version('one'), version('two')));
    expect(await decryptWith(key(version('one'), version('two'), version('three')), sealed)).toEqual(opened);
  });

  it('encrypt with the newest that is not only for decryption, and decrypt with that one too', async () => {
    const staged = key(version('one'), version('two'), { ...version('three'), decryptOnly: true });
    const sealed = await encryptWith(staged);
    expect(sealed.ciphertextMetadata).toBe(keyVersionMetadata({ label: 'two' }).toString('base64'));
    const ahead = await encryptWith(key(version('one'), version('two'), version('three')));
    expect(await decryptWith(staged, ahead)).toEqual(opened);
  });

  it('still decrypt after an older one was retired', async () => {
    const sealed = await encryptWith(key(version('one'), version('two')));
    expect(await decryptWith(key(version('two'), version('three')), sealed)).toEqual(opened);
  });

  it('decrypt ciphertexts from before the key had versions', async () => {
    const sealed = await encryptWith(unversioned);
    expect(JSON.parse(JSON.stringify(sealed))).not.toHaveProperty('ciphertextMetadata');
    expect(await decryptWith(key(version('one'), version('two')), sealed)).toEqual(opened);
  });

  it.each([
    ['the name of another version', keyVersionMetadata({ label: 'one' })],
    ['an unknown name', keyVersionMetadata({ label: 'unknown' })],
    ['another format', Buffer.from([2, ...keyVersionMetadata({ label: 'two' }).subarray(1)])],
    ['no metadata', none],
    ['more metadata', Buffer.concat([keyVersionMetadata({ label: 'two' }), Buffer.from([0])])],
  ])('do not open a ciphertext with %s instead of its metadata', async (_what, metadata) => {
    const versioned = key(version('one'), version('two'));
    const sealed = await encryptWith(versioned);
    await expect(decryptWith(versioned, sealed, { metadata })).rejects.toMatchObject(invalid);
  });

  it('do not decrypt with a key that lost the version', async () => {
    const sealed = await encryptWith(key(version('one'), version('two')));
    await expect(decryptWith(key(version('one')), sealed)).rejects.toMatchObject(invalid);
  });
});

describe("a ciphertext of AWS's sample proxy", () => {
  // The framing of its source, in node:crypto: uint16be(len(aad)) || SHA-256(aad) if any || uint8(len(metadata)) || metadata.
  function sealLikeSample(given: Buffer | undefined, metadata: Buffer): EncryptResponse {
    const length = given?.length ?? 0;
    const digest = given ? createHash('sha256').update(given).digest() : none;
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', keyManager.keys.get('one')?.value ?? none, iv);
    cipher.setAAD(
      Buffer.concat([Buffer.from([length >> 8, length & 0xff]), digest, Buffer.from([metadata.length]), metadata]),
    );
    return {
      ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]).toString('base64'),
      initializationVector: iv.toString('base64'),
      authenticationTag: cipher.getAuthTag().toString('base64'),
    };
  }

  const migrating: ExternalKey = { ...unversioned, decryptAlso: 'aws-sample-proxy' };
  const cases: [what: string, aad: Buffer | undefined, metadata: Buffer][] = [
    ['an AAD', aad, none],
    ['an AAD of 8,192 bytes', randomBytes(8192), none],
    ['no AAD', undefined, none],
    ['an empty AAD', none, none],
    ['an AAD and its constant metadata', aad, Buffer.from('v0.0.1')],
  ];

  it.each(cases)('opens with %s', async (_what, given, metadata) => {
    const sealed = sealLikeSample(given, metadata);
    expect(await decryptWith(migrating, sealed, { aad: given, metadata })).toEqual(opened);
    const versioned: ExternalKey = { ...key(version('one'), version('two')), decryptAlso: 'aws-sample-proxy' };
    expect(await decryptWith(versioned, sealed, { aad: given, metadata })).toEqual(opened);
  });

  it.each(cases.filter(([, given]) => given !== undefined))(
    'does not open by default, with %s',
    async (_w, given, metadata) => {
      const sealed = sealLikeSample(given, metadata);
      await expect(decryptWith(unversioned, sealed, { aad: given, metadata })).rejects.toMatchObject(invalid);
    },
  );

  it('does not open after it was changed', async () => {
    const sealed = { ...sealLikeSample(aad, none), authenticationTag: randomBytes(16).toString('base64') };
    await expect(decryptWith(migrating, sealed)).rejects.toMatchObject(invalid);
  });

  it('is never created: new ciphertexts have the form of the specification', async () => {
    expect(await decryptWith(unversioned, await encryptWith(migrating))).toEqual(opened);
  });
});

describe('the deadline', () => {
  it('is shared by the two calls of an encrypt with CDIV', async () => {
    await encryptWith(unversioned);
    expect(keyManager.deadlines).toEqual([DEADLINE, DEADLINE]);
  });

  it('is shared by both attempts of a decrypt that also opens ciphertexts of the sample proxy', async () => {
    const migrating: ExternalKey = { ...unversioned, decryptAlso: 'aws-sample-proxy' };
    const sealed = { ...(await encryptWith(unversioned)), authenticationTag: randomBytes(16).toString('base64') };
    keyManager.deadlines.length = 0;
    await expect(decryptWith(migrating, sealed)).rejects.toMatchObject(invalid);
    expect(keyManager.deadlines).toEqual([DEADLINE, DEADLINE]);
  });

  it('also applies to GetKeyMetadata', async () => {
    await getKeyMetadata(keyManager, unversioned, { api: 'GetKeyMetadata' }, DEADLINE);
    expect(keyManager.deadlines).toEqual([DEADLINE]);
  });
});
