import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KMSInvalidStateException } from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import { AwsCloudHsm } from '../support/awsCloudHsm.ts';
import { CloudHsmKeyStoreUnderTest, type ReadyCluster } from '../support/cloudHsmKeyStore.ts';
import { refusal } from '../support/kmsCaller.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { runCommand } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

interface Event {
  readonly eventName: string;
  readonly errorCode?: string;
  readonly additionalEventData?: Readonly<Record<string, string>>;
  readonly responseElements: unknown;
}

/** A local KMS whose days are short, with its events. */
async function start(daySeconds: string) {
  const file = join(temporaryFolder(), 'events.jsonl');
  const kms = await RunningLocalKms.startProcess(['--events', file, '--day-seconds', daySeconds]);
  const events = (eventName: string): Event[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event)
      .filter((event) => event.eventName === eventName);
  return { store: await CloudHsmKeyStoreUnderTest.connected(kms), events, file };
}

/** Runs `xks-proxy cloudhsm-cli` as `kmsuser`. Resolves to `data` of its output. */
async function asKmsuser({ id }: ReadyCluster, password: string, ...command: readonly string[]): Promise<unknown> {
  const env = { CLOUDHSM_ROLE: 'crypto-user', CLOUDHSM_PIN: `kmsuser:${password}` };
  const { stdout, stderr } = await runCommand(['cloudhsm-cli', ...command, '--cluster-id', id], env);
  expect(stderr).toBe('');
  const answer = JSON.parse(stdout) as { readonly error_code: number; readonly data: unknown };
  expect(answer).toMatchObject({ error_code: 0 });
  return answer.data;
}

async function backingKeyIds(cluster: ReadyCluster, password: string): Promise<string[]> {
  const data = await asKmsuser(cluster, password, 'key', 'list', '--verbose');
  const { matched_keys } = data as {
    readonly matched_keys: readonly { readonly attributes: { readonly id: string } }[];
  };
  return matched_keys.map(({ attributes }) => attributes.id);
}

it('key material is deleted at the end of the waiting period, or orphaned, found by its event, and deleted', async () => {
  const { store, events, file } = await start('0.1');
  const { kms, id, cluster } = store;
  const [deleted, orphaned] = [await store.createKey(), await store.createKey()];
  const backingKeyOf = (arn: string) =>
    (
      JSON.parse(
        events('CreateKey').find(({ responseElements }) => JSON.stringify(responseElements).includes(arn))
          ?.additionalEventData?.['backingKey'] ?? '{}',
      ) as { readonly backingKeyId?: string }
    ).backingKeyId ?? 'none';
  const deletionOf = (arn: string) =>
    events('DeleteKey').find(({ responseElements }) => JSON.stringify(responseElements).includes(arn));

  await kms.encryptText(deleted, 'attack at dawn');
  expect(events('Encrypt')).toMatchObject([
    { additionalEventData: { customKeyStoreId: id, backingKeyId: backingKeyOf(deleted) } },
  ]);
  await kms.scheduleKeyDeletion({ KeyId: deleted, PendingWindowInDays: 7 });
  await expect.poll(() => deletionOf(deleted)).toBeDefined();
  expect(deletionOf(deleted)).toMatchObject({
    userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
    eventType: 'AwsServiceEvent',
    additionalEventData: {
      customKeyStoreId: id,
      clusterId: cluster.id,
      backingKeys: JSON.stringify([{ backingKeyId: backingKeyOf(deleted) }]),
      backingKeysDeletionStatus: JSON.stringify([{ backingKeyId: backingKeyOf(deleted), deletionStatus: 'SUCCESS' }]),
    },
  });

  await kms.disconnect(id);
  await kms.scheduleKeyDeletion({ KeyId: orphaned, PendingWindowInDays: 7 });
  await expect
    .poll(() => deletionOf(orphaned)?.additionalEventData?.['backingKeysDeletionStatus'])
    .toBe(JSON.stringify([{ backingKeyId: backingKeyOf(orphaned), deletionStatus: 'FAILURE' }]));
  await cluster.resetKmsuser('another123');
  const attribute = `0x${backingKeyOf(orphaned)}`;
  expect(await backingKeyIds(cluster, 'another123')).toEqual([attribute]);
  expect(await asKmsuser(cluster, 'another123', 'key', 'delete', '--filter', `attr.id=${attribute}`)).toEqual({
    message: 'Key deleted successfully',
  });
  expect(await backingKeyIds(cluster, 'another123')).toEqual([]);
  await kms.deleteCustomKeyStore({ CustomKeyStoreId: id });
  const text = readFileSync(file, 'utf8');
  for (const secret of [cluster.kmsuserPassword.reveal(), Buffer.from('attack at dawn').toString('base64')]) {
    expect(text).not.toContain(secret);
  }
});

it('deleted key material makes its key Unavailable, and comes back with a cluster from a backup', async () => {
  const { store } = await start('86400');
  const { kms, id, cluster } = store;
  const aws = new AwsCloudHsm(cluster.kms);
  const key = await store.createKey();
  const sealed = await kms.encryptText(key, 'attack at dawn');
  // A backup with the key and with the password that KMS has set.
  await aws.createHsm(cluster.id);
  await expect.poll(async () => (await aws.backups(cluster.id)).length).toBe(3);
  await expect
    .poll(async () => (await aws.backups(cluster.id)).every(({ BackupState }) => BackupState === 'READY'))
    .toBe(true);

  await kms.disconnect(id);
  const kmsuser = await cluster.asKmsuser(await cluster.resetKmsuser('another123'));
  for (const each of await kmsuser.listKeys()) await kmsuser.deleteKey(each);
  await kmsuser.logout();
  await store.tell(await cluster.resetKmsuser('another124'));
  await kms.connect(id);
  expect(await kms.keyState(key)).toBe('Unavailable');
  const gone = await refusal(kms.decryptText(sealed), KMSInvalidStateException);
  expect(gone).toContain('The key material of this KMS key does not exist');
  await kms.disconnect(id);

  const restored = await aws.restore(cluster.id);
  await kms.updateCustomKeyStore({ CustomKeyStoreId: id, CloudHsmClusterId: restored });
  // In the meantime, KMS got another password.
  expect(await store.failure()).toBe('INVALID_CREDENTIALS');
  await kms.disconnect(id);
  await store.tell(await cluster.resetKmsuser('recovered123', restored));
  await kms.connect(id);
  expect(await kms.keyState(key)).toBe('Enabled');
  expect(await kms.decryptText(sealed)).toBe('attack at dawn');
  expect((await kms.describeKey({ KeyId: key })).KeyMetadata?.CloudHsmClusterId).toBe(restored);
});

it('the newest backup has the password that KMS knows', async () => {
  const { store } = await start('86400');
  const { kms, id, cluster } = store;
  const aws = new AwsCloudHsm(cluster.kms);
  const sealed = await kms.encryptText(await store.createKey(), 'attack at dawn');
  await cluster.deleteHsms();
  await kms.disconnect(id);
  const restored = await aws.restore(cluster.id);
  await kms.updateCustomKeyStore({ CustomKeyStoreId: id, CloudHsmClusterId: restored });
  await kms.connect(id);
  expect(await kms.decryptText(sealed)).toBe('attack at dawn');
});
