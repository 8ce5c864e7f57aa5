import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { CloudHsmKeyStoreUnderTest, ReadyCluster } from '../support/cloudHsmKeyStore.ts';
import { KmsCaller, optionsFor } from '../support/kmsCaller.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

it('a key store follows AWS’s guide with the AWS CLI', async () => {
  const kms = await RunningLocalKms.startProcess();
  const cluster = await ReadyCluster.create(kms);
  const aws = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { exitCode, stdout, stderr } = await kms.aws(...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  };
  const file = (name: string) => join(kms.folder, name);
  const { CustomKeyStoreId: id } = await aws(
    ...['create-custom-key-store', '--custom-key-store-name', 'ExampleCloudHSMKeyStore'],
    ...['--cloud-hsm-cluster-id', cluster.id, '--key-store-password', cluster.kmsuserPassword.reveal()],
    ...['--trust-anchor-certificate', `file://${file('cluster/customerCA.crt')}`],
  );
  const ofStore = ['--custom-key-store-id', String(id)];
  const caller = new KmsCaller(kms);
  expect(await aws('describe-custom-key-stores', ...ofStore)).toMatchObject({
    CustomKeyStores: [
      {
        CustomKeyStoreName: 'ExampleCloudHSMKeyStore',
        CustomKeyStoreType: 'AWS_CLOUDHSM',
        CloudHsmClusterId: cluster.id,
        TrustAnchorCertificate: cluster.trustAnchor,
        ConnectionState: 'DISCONNECTED',
      },
    ],
  });
  expect(await aws('connect-custom-key-store', ...ofStore)).toEqual({});
  await caller.reaches(String(id), 'CONNECTED');
  const created = await aws('create-key', '--origin', 'AWS_CLOUDHSM', ...ofStore);
  const { KeyId: keyId, Arn: arn } = created['KeyMetadata'] as { KeyId: string; Arn: string };
  expect(created).toMatchObject({ KeyMetadata: { Origin: 'AWS_CLOUDHSM', CloudHsmClusterId: cluster.id } });

  writeFileSync(file('plaintext'), 'attack at dawn');
  const sealed = await aws('encrypt', '--key-id', keyId, '--plaintext', `fileb://${file('plaintext')}`);
  writeFileSync(file('sealed'), Buffer.from(String(sealed['CiphertextBlob']), 'base64'));
  const opened = await aws('decrypt', '--ciphertext-blob', `fileb://${file('sealed')}`);
  expect(Buffer.from(String(opened['Plaintext']), 'base64').toString()).toBe('attack at dawn');
  const dataKey = await aws('generate-data-key', '--key-id', keyId, '--key-spec', 'AES_256');
  expect(
    await caller.decrypt({ CiphertextBlob: Buffer.from(String(dataKey['CiphertextBlob']), 'base64') }),
  ).toMatchObject({
    Plaintext: new Uint8Array(Buffer.from(String(dataKey['Plaintext']), 'base64')),
  });

  const random = await aws('generate-random', '--number-of-bytes', '32', ...ofStore);
  expect(Buffer.from(String(random['Plaintext']), 'base64')).toHaveLength(32);

  await expect(cluster.asKmsuser(cluster.kmsuserPassword)).rejects.toMatchObject({ reason: 'wrong password' });
  await expect(cluster.resetKmsuser('another123')).rejects.toMatchObject({ reason: 'logged in elsewhere' });
  await aws('disconnect-custom-key-store', ...ofStore);
  await caller.reaches(String(id), 'DISCONNECTED');
  expect(await caller.keyState(keyId)).toBe('Unavailable');
  const kmsuser = await cluster.asKmsuser(await cluster.resetKmsuser('another123'));
  expect(await kmsuser.listKeys()).toMatchObject([
    { owner: 'kmsuser', attributes: { label: arn, extractable: false, 'key-length-bytes': 32 } },
  ]);
  await kmsuser.logout();
  await aws('update-custom-key-store', ...ofStore, '--key-store-password', 'another123');
  await caller.connect(String(id));
  expect(await caller.decryptText(readFileSync(file('sealed')))).toBe('attack at dawn');
  const secrets = [cluster.kmsuserPassword, cluster.adminPassword, new Secret('another123')];
  for (const secret of secrets) expect(kms.output).not.toContain(secret.reveal());

  await caller.disconnect(String(id));
  const refused = await kms.aws('delete-custom-key-store', ...ofStore);
  expect(refused.stderr).toContain('(CustomKeyStoreHasCMKsException)');
});

it('keys of a CloudHSM key store and of an external key store re-encrypt for each other', async () => {
  const files = new ProxyFiles();
  const proxy = await RunningProxy.start(files);
  try {
    const store = await CloudHsmKeyStoreUnderTest.connected(await RunningLocalKms.startProcess(optionsFor(proxy)));
    const external = await store.kms.createConnectedKeyStore(files);
    const { CustomKeyStores = [] } = await store.kms.describeCustomKeyStores({});
    expect(new Set(CustomKeyStores.map(({ CustomKeyStoreType }) => CustomKeyStoreType))).toEqual(
      new Set(['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']),
    );
    const [inside, outside] = [await store.createKey(), await store.kms.createKeyOver('foo', external)];
    const there = await store.kms.reEncrypt({
      CiphertextBlob: await store.kms.encryptText(inside, 'attack at dawn'),
      DestinationKeyId: outside,
    });
    const back = await store.kms.reEncrypt({ CiphertextBlob: there.CiphertextBlob, DestinationKeyId: inside });
    expect([there, back]).toMatchObject([
      { SourceKeyId: inside, KeyId: outside },
      { SourceKeyId: outside, KeyId: inside },
    ]);
    expect(await store.kms.decryptText(back.CiphertextBlob ?? new Uint8Array())).toBe('attack at dawn');
  } finally {
    await proxy.dispose();
  }
});

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'a key store works again after the local KMS has ended by %s',
  async (signal) => {
    const first = await CloudHsmKeyStoreUnderTest.connected(await RunningLocalKms.startProcess());
    const key = await first.createKey();
    const sealed = await first.kms.encryptText(key, 'attack at dawn');
    first.cluster.kms.signal(signal);
    await first.cluster.kms.exitCode;
    const again = await RunningLocalKms.startProcess([], first.cluster.kms.folder);
    const caller = new KmsCaller(again);
    expect((await caller.keyStore(first.id)).ConnectionState).toBe('CONNECTED');
    expect(await caller.decryptText(sealed)).toBe('attack at dawn');
    // KMS has logged in again, with the password that only KMS knows.
    await expect(first.cluster.resetKmsuser('another123')).rejects.toMatchObject({ reason: 'logged in elsewhere' });
  },
);

it('the password is not lost when the local KMS is killed while it is rotated', async () => {
  let kms = await RunningLocalKms.startProcess(['--connect-seconds', '0']);
  const store = await CloudHsmKeyStoreUnderTest.create(await ReadyCluster.create(kms));
  for (let round = 0; round < 4; round += 1) {
    const caller = new KmsCaller(kms);
    await caller.connectCustomKeyStore({ CustomKeyStoreId: store.id });
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    kms.signal('SIGKILL');
    await kms.exitCode;
    kms = await RunningLocalKms.startProcess(['--connect-seconds', '0'], kms.folder);
    await new KmsCaller(kms).reaches(store.id, 'CONNECTED');
    await new KmsCaller(kms).disconnect(store.id);
  }
});

it('if the local KMS is killed while keys are created, no orphaned key material remains', async () => {
  let kms = await RunningLocalKms.startProcess();
  const store = await CloudHsmKeyStoreUnderTest.connected(kms);
  /**
   * The number of pending deletions of key material in the state, read while the local KMS is stopped because only one
   * process can open it.
   */
  const deletionsLeft = async () => {
    kms.signal('SIGTERM');
    await kms.exitCode;
    const state = new DatabaseSync(join(kms.folder, 'kms.db'));
    const { left } = state.prepare('SELECT count(*) AS left FROM key_material_deletions').get() ?? {};
    state.close();
    kms = await RunningLocalKms.startProcess([], kms.folder);
    await new KmsCaller(kms).listKeys({});
    return Number(left);
  };
  for (let round = 0; round < 3; round += 1) {
    const caller = new KmsCaller(kms);
    const create = () => caller.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: store.id });
    const creations = Promise.allSettled(Array.from({ length: 6 }, create));
    await new Promise((resolve) => setTimeout(resolve, round * 15));
    kms.signal('SIGKILL');
    await kms.exitCode;
    await creations;
    await expect.poll(deletionsLeft).toBe(0);
  }
  const caller = new KmsCaller(kms);
  const known = ((await caller.listKeys({})).Keys ?? []).map(({ KeyArn }) => KeyArn).sort();
  await caller.disconnect(store.id);
  const kmsuser = await store.cluster.asKmsuser(await store.cluster.resetKmsuser('another123'));
  const labels = (await kmsuser.listKeys()).map(({ attributes }) => attributes['label']).sort();
  expect(labels).toEqual(known);
});
