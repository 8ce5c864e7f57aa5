import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AlreadyExistsException,
  CustomKeyStoreHasCMKsException,
  CustomKeyStoreInvalidStateException,
  CustomKeyStoreNameInUseException,
  CustomKeyStoreNotFoundException,
  DisabledException,
  IncorrectKeyException,
  InvalidCiphertextException,
  KMSInvalidStateException,
  KMSServiceException,
  NotFoundException,
  paginateDescribeCustomKeyStores,
  paginateListAliases,
  paginateListKeys,
  paginateListResourceTags,
  XksKeyAlreadyInUseException,
  XksKeyInvalidConfigurationException,
  XksKeyNotFoundException,
  XksProxyIncorrectAuthenticationCredentialException,
  XksProxyInvalidConfigurationException,
  XksProxyUriInUseException,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultKeyPolicy } from '../../src/kms/operations/keys/keyPolicy.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { KmsCaller, keyStoreInput, optionsFor, refusal } from '../support/kmsCaller.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const NOT_CONNECTED =
  'This KMS key is in a custom key store that is not connected to its external key store proxy. ' +
  'Connect the external key store and try the request again.';
const INVALID_CIPHERTEXT =
  'The external key store proxy rejected the request because the specified ciphertext or encryption context is ' +
  'corrupted, missing, or otherwise invalid.';
const WRONG_KEY = 'The key ID in the request does not identify a CMK that can perform this operation.';
const HAS_KEYS =
  'The custom key store contains KMS keys. Schedule their deletion, and delete the custom key store when they are deleted.';

let proxy: RunningProxy;
let files: ProxyFiles;

beforeAll(async () => {
  files = new ProxyFiles();
  const [first, second] = files.config.keyStores;
  // Page size for lists of keys.
  const more = [1, 2, 3, 4].map((number) => ({ id: `foo-${number}`, label: 'foo' }));
  const keyStores = [{ ...first, keys: [...(first?.keys ?? []), ...more] }, second];
  files.writeConfig({ ...files.config, keyStores });
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

async function start(options: readonly string[] = []) {
  const running = await RunningLocalKms.start([...optionsFor(proxy), ...options]);
  return { running, kms: new KmsCaller(running) };
}

/** A local KMS with a connected key store, and a key that uses foo. */
async function startWithKey(options: readonly string[] = []) {
  const { running, kms } = await start(options);
  const store = await kms.createConnectedKeyStore(files);
  return { running, kms, store, key: await kms.createKeyOver('foo', store) };
}

async function all<Page>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const received: Page[] = [];
  for await (const page of pages) received.push(page);
  return received;
}

describe('a key store', () => {
  it('is created, connected, disconnected and deleted', async () => {
    const { running, kms } = await start();
    const input = keyStoreInput(files.credentials[0]);
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore(input);
    expect(CustomKeyStoreId).toMatch(/^cks-[0-9a-f]{17}$/);
    const described = {
      CustomKeyStoreId,
      CustomKeyStoreName: input.CustomKeyStoreName,
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
      CreationDate: expect.any(Date) as Date,
      XksProxyConfiguration: {
        Connectivity: 'PUBLIC_ENDPOINT',
        AccessKeyId: input.XksProxyAuthenticationCredential.AccessKeyId,
        UriEndpoint: 'https://localhost',
        UriPath: input.XksProxyUriPath,
      },
    };
    expect(await kms.keyStore(CustomKeyStoreId)).toEqual({ ...described, ConnectionState: 'DISCONNECTED' });
    expect(await refusal(kms.createKeyOver('foo', CustomKeyStoreId), CustomKeyStoreInvalidStateException)).toBe(
      NOT_CONNECTED,
    );
    await kms.connect(CustomKeyStoreId);
    expect(await kms.keyStore(CustomKeyStoreId)).toEqual({ ...described, ConnectionState: 'CONNECTED' });

    expect(await refusal(kms.deleteCustomKeyStore({ CustomKeyStoreId }), CustomKeyStoreInvalidStateException)).toBe(
      'DeleteCustomKeyStore is not valid for a custom key store whose connection state is CONNECTED. ' +
        'The connection state must be DISCONNECTED.',
    );
    const NewCustomKeyStoreName = 'renamed';
    await kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName });
    await kms.disconnect(CustomKeyStoreId);
    expect(await refusal(kms.disconnectCustomKeyStore({ CustomKeyStoreId }), CustomKeyStoreInvalidStateException)).toBe(
      'DisconnectCustomKeyStore is not valid for a custom key store whose connection state is DISCONNECTED. ' +
        'The connection state must be CONNECTED or CONNECTING or FAILED.',
    );
    const named = await kms.describeCustomKeyStores({ CustomKeyStoreName: NewCustomKeyStoreName });
    expect(named.CustomKeyStores).toMatchObject([{ CustomKeyStoreId, ConnectionState: 'DISCONNECTED' }]);

    await kms.deleteCustomKeyStore({ CustomKeyStoreId });
    expect(await refusal(kms.keyStore(CustomKeyStoreId), CustomKeyStoreNotFoundException)).toBe(
      `There is no custom key store with the ID ${CustomKeyStoreId}.`,
    );
    const states = running.log.filter(({ msg }) => msg === 'connection state').map(({ from, to }) => [from, to]);
    expect(states).toEqual([
      ['DISCONNECTED', 'CONNECTING'],
      ['CONNECTING', 'CONNECTED'],
      ['CONNECTED', 'DISCONNECTING'],
      ['DISCONNECTING', 'DISCONNECTED'],
    ]);
  });

  it('is not created if its proxy does not serve it, or if it equals another one', async () => {
    const { kms } = await start();
    const [credential, another] = files.credentials;
    const wrongSecret = { ...newCredential(), accessKeyId: credential.accessKeyId };
    expect(
      await refusal(kms.createKeyStore(files, wrongSecret), XksProxyIncorrectAuthenticationCredentialException),
    ).toBe(
      'The external key store proxy rejected the request because it could not authenticate AWS KMS. ' +
        'Verify the XKS proxy authentication credentials for your external key store and update if necessary.',
    );
    expect(
      await refusal(kms.createKeyStore(files, credential, '/nowhere'), XksProxyInvalidConfigurationException),
    ).toBe(
      'The external key store proxy rejected the request because of an invalid URI path. ' +
        'Verify the URI path for your external key store and update if necessary.',
    );
    expect((await kms.describeCustomKeyStores()).CustomKeyStores).toEqual([]);

    await kms.createKeyStore(files);
    const { CustomKeyStoreName, XksProxyUriEndpoint, XksProxyUriPath } = keyStoreInput(credential);
    expect(await refusal(kms.createKeyStore(files), CustomKeyStoreNameInUseException)).toBe(
      `The name ${CustomKeyStoreName} is already assigned to another custom key store in the account.`,
    );
    expect(await refusal(kms.createKeyStore(files, another), XksProxyUriInUseException)).toBe(
      `${XksProxyUriEndpoint}${XksProxyUriPath} is already associated with another external key store in this Region.`,
    );
    expect((await kms.describeCustomKeyStores()).CustomKeyStores).toHaveLength(1);
  });

  it('works with its second credential', async () => {
    const { kms, store, key } = await startWithKey();
    const blob = await kms.encryptText(key, 'before');
    const { XksProxyAuthenticationCredential } = keyStoreInput(files.credentials[1]);
    await kms.updateCustomKeyStore({ CustomKeyStoreId: store, XksProxyAuthenticationCredential });
    expect((await kms.keyStore(store)).XksProxyConfiguration?.AccessKeyId).toBe(files.credentials[1].accessKeyId);
    expect(await kms.decryptText(blob)).toBe('before');
    await proxy.logged({ operation: 'Decrypt', accessKeyId: files.credentials[1].accessKeyId });
  });
});

describe('a key', () => {
  it('needs a suitable external key that no other key uses', async () => {
    const { kms, store } = await startWithKey();
    expect(await refusal(kms.createKeyOver('foo', store), XksKeyAlreadyInUseException)).toBe(
      'The external key foo is in use: this external key store already has a KMS key for it.',
    );
    expect(await refusal(kms.createKeyOver('blocked', store), XksKeyInvalidConfigurationException)).toBe(
      'The external key associated with this KMS key in an external key store is not enabled in the external key ' +
        'manager. Enable the external key in the external key manager and retry the request.',
    );
    expect(await refusal(kms.createKeyOver('bar', store), XksKeyNotFoundException)).toBe(
      'The external key associated with this KMS key in an external key store was not found in its external key ' +
        'manager. If the external key ID associated with this KMS key is incorrect, create a new KMS key with the ' +
        'correct external key ID.',
    );
  });

  it('has a description, tags, a policy and aliases', async () => {
    const { kms, store, key: other } = await startWithKey();
    const Policy = defaultKeyPolicy('111122223333');
    const { KeyMetadata } = await kms.createKey({
      Origin: 'EXTERNAL_KEY_STORE',
      CustomKeyStoreId: store,
      XksKeyId: 'foo-1',
      Description: 'of orders',
      Tags: [{ TagKey: 'team', TagValue: 'orders' }],
      Policy,
    });
    const { KeyId = '', Arn = '' } = KeyMetadata ?? {};
    expect(KeyMetadata).toEqual({
      AWSAccountId: '111122223333',
      KeyId,
      Arn: `arn:aws:kms:us-east-1:111122223333:key/${KeyId}`,
      CreationDate: expect.any(Date) as Date,
      Enabled: true,
      Description: 'of orders',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'EXTERNAL_KEY_STORE',
      CustomKeyStoreId: store,
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
      XksKeyConfiguration: { Id: 'foo-1' },
    });
    await kms.updateKeyDescription({ KeyId, Description: 'of invoices' });
    await kms.tagResource({ KeyId, Tags: [{ TagKey: 'cost', TagValue: '7' }] });
    await kms.untagResource({ KeyId, TagKeys: ['team'] });
    expect((await kms.listResourceTags({ KeyId })).Tags).toEqual([{ TagKey: 'cost', TagValue: '7' }]);
    expect(await kms.getKeyPolicy({ KeyId })).toMatchObject({ Policy, PolicyName: 'default' });
    const changed = ` ${Policy}`;
    await kms.putKeyPolicy({ KeyId, Policy: changed });
    expect(await kms.getKeyPolicy({ KeyId })).toMatchObject({ Policy: changed });

    const AliasName = 'alias/orders';
    await kms.createAlias({ AliasName, TargetKeyId: KeyId });
    const aliasArn = 'arn:aws:kms:us-east-1:111122223333:alias/orders';
    expect(await refusal(kms.createAlias({ AliasName, TargetKeyId: other }), AlreadyExistsException)).toBe(
      `An alias with the name ${aliasArn} already exists`,
    );
    expect((await kms.describeKey({ KeyId: AliasName })).KeyMetadata).toEqual({
      ...KeyMetadata,
      Description: 'of invoices',
    });
    const blob = await kms.encryptText(aliasArn, 'by alias');
    await kms.updateAlias({ AliasName, TargetKeyId: other });
    expect(await kms.decrypt({ CiphertextBlob: blob })).toMatchObject({ KeyId: Arn });
    expect((await kms.encrypt({ KeyId: AliasName, Plaintext: Buffer.from('x') })).KeyId).toBe(other);
    await kms.deleteAlias({ AliasName });
    expect(await refusal(kms.encryptText(AliasName, 'x'), NotFoundException)).toBe(`Alias ${aliasArn} is not found.`);
  });

  it('is listed in pages', async () => {
    const { kms, store, key } = await startWithKey();
    const second = await kms.createKeyStore(files, files.otherCredential, OTHER_PREFIX);
    const keys = [key];
    for (const id of ['foo-1', 'foo-2', 'foo-3', 'foo-4']) keys.push(await kms.createKeyOver(id, store));
    const aliases = ['a', 'b', 'c'].map((name) => `alias/${name}`);
    for (const AliasName of aliases) await kms.createAlias({ AliasName, TargetKeyId: key });
    const tags = [1, 2, 3, 4, 5].map((number) => ({ TagKey: `tag ${number}`, TagValue: String(number) }));
    await kms.tagResource({ KeyId: key, Tags: tags });

    const inPages = { client: kms, pageSize: 2 };
    const keyPages = await all(paginateListKeys(inPages, {}));
    expect(keyPages.map(({ Keys = [] }) => Keys.length)).toEqual([2, 2, 1]);
    expect(keyPages.flatMap(({ Keys = [] }) => Keys.map(({ KeyArn }) => KeyArn)).sort()).toEqual(keys.sort());
    const aliasPages = await all(paginateListAliases(inPages, { KeyId: key }));
    expect(aliasPages.map(({ Aliases = [] }) => Aliases.map(({ AliasName }) => AliasName))).toEqual([
      aliases.slice(0, 2),
      aliases.slice(2),
    ]);
    const tagPages = await all(paginateListResourceTags(inPages, { KeyId: key }));
    expect(tagPages.map(({ Tags }) => Tags)).toEqual([tags.slice(0, 2), tags.slice(2, 4), tags.slice(4)]);
    const storePages = await all(paginateDescribeCustomKeyStores({ ...inPages, pageSize: 1 }, {}));
    expect(storePages.map(({ CustomKeyStores: [one] = [] }) => one?.CustomKeyStoreId).sort()).toEqual(
      [store, second].sort(),
    );
  });
});

describe('cryptography', () => {
  it('decrypts only with the key and the encryption context of the encryption', async () => {
    const { kms, store, key } = await startWithKey();
    const other = await kms.createKeyOver('foo-1', store);
    const Plaintext = randomBytes(4096);
    const EncryptionContext = { purpose: 'test', naïve: '' };
    const sealed = await kms.encrypt({ KeyId: key, Plaintext, EncryptionContext });
    expect(sealed).toMatchObject({ KeyId: key, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    const { CiphertextBlob = new Uint8Array() } = sealed;
    expect(Buffer.from(CiphertextBlob).includes(Plaintext.subarray(0, 16))).toBe(false);

    const opened = await kms.decrypt({ CiphertextBlob, EncryptionContext, KeyId: key });
    expect(opened).toMatchObject({ KeyId: key, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    expect(Plaintext.equals(opened.Plaintext ?? Buffer.alloc(0))).toBe(true);
    for (const wrong of [{}, { purpose: 'test' }, { ...EncryptionContext, naïve: 'x' }]) {
      expect(await refusal(kms.decrypt({ CiphertextBlob, EncryptionContext: wrong }), KMSInvalidStateException)).toBe(
        INVALID_CIPHERTEXT,
      );
    }
    expect(await refusal(kms.decrypt({ CiphertextBlob, EncryptionContext, KeyId: other }), IncorrectKeyException)).toBe(
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
    const damaged = Buffer.from(CiphertextBlob);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
    expect(await refusal(kms.decrypt({ CiphertextBlob: damaged, EncryptionContext }), KMSInvalidStateException)).toBe(
      INVALID_CIPHERTEXT,
    );
    expect(
      await refusal(kms.decrypt({ CiphertextBlob: Buffer.from('of somebody else') }), InvalidCiphertextException),
    ).toBe('UnknownError');
  });

  it('moves a ciphertext from one key store to another', async () => {
    const { running, kms, store, key } = await startWithKey();
    const otherStore = await kms.createConnectedKeyStore(files, files.otherCredential, OTHER_PREFIX);
    const other = await kms.createKeyOver('bar', otherStore);
    const [before, after] = [{ year: '2025' }, { year: '2026' }];
    const sealed = await kms.encrypt({ KeyId: key, Plaintext: Buffer.from('moved'), EncryptionContext: before });
    const moved = await kms.reEncrypt({
      CiphertextBlob: sealed.CiphertextBlob,
      SourceEncryptionContext: before,
      DestinationKeyId: other,
      DestinationEncryptionContext: after,
    });
    expect(moved).toMatchObject({ SourceKeyId: key, KeyId: other });
    await running.logged({
      msg: 'call',
      eventName: 'ReEncrypt',
      additionalEventData: {
        sourceCustomKeyStoreId: store,
        sourceXksKeyId: 'foo',
        customKeyStoreId: otherStore,
        xksKeyId: 'bar',
      },
    });

    // The moved ciphertext no longer needs its old key store.
    await kms.disconnect(store);
    const opened = await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: after });
    expect(opened).toMatchObject({ KeyId: other });
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('moved');
  });

  it('gives data keys, for files that are too large for the key itself', async () => {
    const { kms, key } = await startWithKey();
    const folder = temporaryFolder();
    const [file, keyFile] = [join(folder, 'report.encrypted'), join(folder, 'report.key')];
    const content = randomBytes(300_000);
    const EncryptionContext = { file: 'report' };
    {
      const dataKey = await kms.generateDataKey({ KeyId: key, KeySpec: 'AES_256', EncryptionContext });
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', dataKey.Plaintext ?? Buffer.alloc(0), iv);
      const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
      writeFileSync(file, Buffer.concat([iv, cipher.getAuthTag(), encrypted]));
      writeFileSync(keyFile, dataKey.CiphertextBlob ?? '');
    }
    const opened = await kms.decrypt({ CiphertextBlob: readFileSync(keyFile), EncryptionContext });
    const written = readFileSync(file);
    const decipher = createDecipheriv('aes-256-gcm', opened.Plaintext ?? Buffer.alloc(0), written.subarray(0, 12));
    decipher.setAuthTag(written.subarray(12, 28));
    expect(Buffer.concat([decipher.update(written.subarray(28)), decipher.final()]).equals(content)).toBe(true);

    const later = await kms.generateDataKeyWithoutPlaintext({ KeyId: key, KeySpec: 'AES_128' });
    expect(later).not.toHaveProperty('Plaintext');
    expect((await kms.decrypt({ CiphertextBlob: later.CiphertextBlob })).Plaintext).toHaveLength(16);
    expect((await kms.generateDataKey({ KeyId: key, NumberOfBytes: 64 })).Plaintext).toHaveLength(64);
  });
});

describe('the state of a key', () => {
  it('is Disabled until it is enabled again', async () => {
    const { kms, key } = await startWithKey();
    const blob = await kms.encryptText(key, 'locked up');
    await kms.disableKey({ KeyId: key });
    expect((await kms.describeKey({ KeyId: key })).KeyMetadata).toMatchObject({ Enabled: false, KeyState: 'Disabled' });
    for (const call of [() => kms.decryptText(blob), () => kms.encryptText(key, 'x')]) {
      expect(await refusal(call(), DisabledException)).toBe(`${key} is disabled.`);
    }
    await kms.enableKey({ KeyId: key });
    expect(await kms.decryptText(blob)).toBe('locked up');
  });

  it('is Unavailable while its key store is disconnected, and its earlier state afterwards', async () => {
    const { kms, store, key } = await startWithKey();
    const [disabled, pending, changed] = await Promise.all(
      ['foo-1', 'foo-2', 'foo-3'].map((id) => kms.createKeyOver(id, store)),
    );
    if (!disabled || !pending || !changed) throw new Error('keys are missing');
    const keys = [key, disabled, pending, changed];
    const states = () => Promise.all(keys.map((each) => kms.keyState(each)));
    const blob = await kms.encryptText(key, 'for a while');
    await kms.disableKey({ KeyId: disabled });
    await kms.scheduleKeyDeletion({ KeyId: pending, PendingWindowInDays: 7 });

    await kms.disconnect(store);
    expect(await states()).toEqual(['Unavailable', 'Unavailable', 'PendingDeletion', 'Unavailable']);
    for (const call of [() => kms.decryptText(blob), () => kms.generateDataKey({ KeyId: key, KeySpec: 'AES_256' })]) {
      expect(await refusal(call(), KMSInvalidStateException)).toBe(`${key} is unavailable. ${NOT_CONNECTED}`);
    }
    // This takes effect when the key is available again.
    await kms.disableKey({ KeyId: changed });
    expect(await kms.keyState(changed)).toBe('Unavailable');

    await kms.connect(store);
    expect(await states()).toEqual(['Enabled', 'Disabled', 'PendingDeletion', 'Disabled']);
    expect(await kms.decryptText(blob)).toBe('for a while');
  });
});

describe('the deletion of a key', () => {
  it('can be cancelled, even while the key store is disconnected', async () => {
    const { kms, store, key } = await startWithKey();
    const scheduled = await kms.scheduleKeyDeletion({ KeyId: key });
    expect(scheduled).toMatchObject({ KeyId: key, KeyState: 'PendingDeletion', PendingWindowInDays: 30 });
    const { KeyMetadata } = await kms.describeKey({ KeyId: key });
    expect(KeyMetadata).toMatchObject({ KeyState: 'PendingDeletion', DeletionDate: scheduled.DeletionDate });
    for (const call of [
      () => kms.encryptText(key, 'x'),
      () => kms.enableKey({ KeyId: key }),
      () => kms.createAlias({ AliasName: 'alias/late', TargetKeyId: key }),
      () => kms.scheduleKeyDeletion({ KeyId: key }),
    ]) {
      expect(await refusal(call(), KMSInvalidStateException)).toBe(`${key} is pending deletion.`);
    }
    await kms.disconnect(store);
    expect(await refusal(kms.deleteCustomKeyStore({ CustomKeyStoreId: store }), CustomKeyStoreHasCMKsException)).toBe(
      HAS_KEYS,
    );
    expect(await kms.cancelKeyDeletion({ KeyId: key })).toMatchObject({ KeyId: key });
    await kms.connect(store);
    expect((await kms.describeKey({ KeyId: key })).KeyMetadata).not.toHaveProperty('DeletionDate');
    expect(await kms.keyState(key)).toBe('Disabled');
    expect(await refusal(kms.cancelKeyDeletion({ KeyId: key }), KMSInvalidStateException)).toBe(
      `${key} is not pending deletion.`,
    );
    await kms.enableKey({ KeyId: key });
    expect(await kms.decryptText(await kms.encryptText(key, 'spared'))).toBe('spared');
  });

  it('takes effect after the waiting period: key and alias are gone, ciphertexts are lost, and the key store can be deleted', async () => {
    const { kms, store, key } = await startWithKey(['--day-seconds', '0.2']);
    await kms.createAlias({ AliasName: 'alias/doomed', TargetKeyId: key });
    const blob = await kms.encryptText('alias/doomed', 'lost');
    await kms.scheduleKeyDeletion({ KeyId: key, PendingWindowInDays: 7 });
    const gone = `Key '${key}' does not exist`;
    const whatIsSaid = () => kms.keyState(key).catch((error: unknown) => (error as Error).message);
    await expect.poll(whatIsSaid).toBe(gone);
    expect(await refusal(kms.describeKey({ KeyId: key }), NotFoundException)).toBe(gone);
    expect((await kms.listAliases({})).Aliases).toEqual([]);
    expect((await kms.listKeys({})).Keys).toEqual([]);
    expect(await refusal(kms.decryptText(blob), KMSServiceException, 'AccessDeniedException')).toBe(
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are ' +
        'not allowed to access.',
    );

    // Another KMS key with the same external key does not bring the ciphertexts back.
    const successor = await kms.createKeyOver('foo', store);
    expect(await refusal(kms.decrypt({ CiphertextBlob: blob, KeyId: successor }), IncorrectKeyException)).toBe(
      WRONG_KEY,
    );
    await kms.disconnect(store);
    expect(await refusal(kms.deleteCustomKeyStore({ CustomKeyStoreId: store }), CustomKeyStoreHasCMKsException)).toBe(
      HAS_KEYS,
    );
    await kms.scheduleKeyDeletion({ KeyId: successor, PendingWindowInDays: 7 });
    const deletion = () =>
      kms.deleteCustomKeyStore({ CustomKeyStoreId: store }).then(
        () => 'done',
        (error: unknown) => (error as Error).name,
      );
    await expect.poll(deletion).toBe('done');
    expect((await kms.describeCustomKeyStores()).CustomKeyStores).toEqual([]);
  });
});
