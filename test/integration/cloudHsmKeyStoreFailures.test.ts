import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudHsmClusterInUseException,
  CloudHsmClusterInvalidConfigurationException,
  CloudHsmClusterNotActiveException,
  CloudHsmClusterNotFoundException,
  CloudHsmClusterNotRelatedException,
  CustomKeyStoreInvalidStateException,
  IncorrectTrustAnchorException,
  KMSInternalException,
  KMSInvalidStateException,
} from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { AwsCloudHsm, SUBNETS } from '../support/awsCloudHsm.ts';
import { CloudHsmKeyStoreUnderTest, ReadyCluster } from '../support/cloudHsmKeyStore.ts';
import { KmsCaller, refusal } from '../support/kmsCaller.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const start = (options: readonly string[] = []) => RunningLocalKms.startProcess(options);

/** The configuration of a local KMS whose subnets, from this one on, have these numbers of addresses. */
function configWith(availableIpAddressCount: number, from = 0): string {
  const subnets = SUBNETS.map((subnetId, index) => ({
    subnetId,
    availabilityZone: `us-east-1${'ab'.charAt(index)}`,
    cidrBlock: `10.0.${index + 1}.0/24`,
    availableIpAddressCount,
  }));
  return JSON.stringify({ subnets: subnets.slice(from) });
}

it('INVALID_CREDENTIALS, USER_LOCKED_OUT and USER_LOGGED_IN are caused and repaired in the cluster', async () => {
  const store = await CloudHsmKeyStoreUnderTest.create(await ReadyCluster.create(await start()));
  const { cluster, kms } = store;
  await store.tell(new Secret('notThePassword'));
  expect(await store.failure()).toBe('INVALID_CREDENTIALS');
  const again = kms.connectCustomKeyStore({ CustomKeyStoreId: store.id });
  expect(await refusal(again, CustomKeyStoreInvalidStateException)).toContain('whose connection state is FAILED');
  await kms.disconnect(store.id);

  for (let tries = 0; tries < 4; tries += 1) {
    const wrong = cluster.asKmsuser(new Secret('notThePassword'));
    await expect(wrong).rejects.toMatchObject({ reason: 'wrong password' });
  }
  // The right password would not help now.
  await store.tell(cluster.kmsuserPassword);
  expect(await store.failure()).toBe('USER_LOCKED_OUT');
  await kms.disconnect(store.id);
  const password = await cluster.resetKmsuser('unlocked123');
  await store.tell(password);

  const elsewhere = await cluster.asKmsuser(password);
  expect(await store.failure()).toBe('USER_LOGGED_IN');
  await kms.disconnect(store.id);
  await elsewhere.logout();
  await kms.connect(store.id);
});

it('USER_NOT_FOUND is the error for a cluster without kmsuser', async () => {
  const kms = await start();
  const aws = new AwsCloudHsm(kms);
  const id = await aws.createCluster();
  await aws.reaches(id, 'UNINITIALIZED');
  await aws.createHsm(id);
  await aws.initialize(id);
  const cluster = ReadyCluster.initialized(kms, id, 'adminPassword1', 'kmsuserPassword1');
  const create = () => CloudHsmKeyStoreUnderTest.create(cluster);
  expect(await refusal(create(), CloudHsmClusterNotActiveException)).toContain('its state is INITIALIZED');
  await (await cluster.connect()).activate(cluster.adminPassword);
  await aws.reaches(id, 'ACTIVE');
  expect(await refusal(create(), CloudHsmClusterInvalidConfigurationException)).toContain('at least two active HSMs');
  await aws.createHsm(id, 'us-east-1b');
  const store = await create();
  expect(await store.failure()).toBe('USER_NOT_FOUND');
  await store.kms.disconnect(store.id);
  const admin = await cluster.asAdmin();
  await admin.createUser({ username: 'kmsuser', role: 'crypto-user', password: cluster.kmsuserPassword });
  await store.kms.connect(store.id);
});

it('SUBNET_NOT_FOUND and INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET follow from the subnets of the configuration', async () => {
  const config = join(temporaryFolder({ 'kms.yaml': configWith(2) }), 'kms.yaml');
  const kms = await start(['--config', config]);
  const store = await CloudHsmKeyStoreUnderTest.create(await ReadyCluster.create(kms));
  const change = async (text: string) => {
    const read = kms.log.filter(({ msg }) => msg === 'the configuration was read again').length;
    writeFileSync(config, text);
    await expect
      .poll(() => kms.log.filter(({ msg }) => msg === 'the configuration was read again').length)
      .toBeGreaterThan(read);
  };
  await change(configWith(1));
  expect(await store.failure()).toBe('INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET');
  await store.kms.disconnect(store.id);
  await change(configWith(2, 1));
  expect(await store.failure()).toBe('SUBNET_NOT_FOUND');
  await store.kms.disconnect(store.id);
  await change(configWith(2));
  await store.kms.connect(store.id);
  // KMS has taken the last addresses.
  const aws = new AwsCloudHsm(kms);
  await expect(aws.createHsm(store.cluster.id)).rejects.toThrow('has no free IP address');
});

it('NETWORK_ERRORS is the error for an unreachable cluster; its keys fail, and work again when it is back', async () => {
  const store = await CloudHsmKeyStoreUnderTest.connected(await start());
  const { kms, cluster, id } = store;
  const key = await store.createKey();
  const sealed = await kms.encryptText(key, 'attack at dawn');
  await cluster.kill();
  const unreachable = await refusal(kms.decryptText(sealed), KMSInvalidStateException);
  expect(unreachable).toContain('This can be a transient networking issue.');
  expect(await kms.keyState(key)).toBe('Enabled');
  await kms.disconnect(id);
  expect(await store.failure()).toBe('NETWORK_ERRORS');
  await kms.disconnect(id);
  await expect
    .poll(() =>
      cluster.connect().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  await kms.connect(id);
  expect(await kms.decryptText(sealed)).toBe('attack at dawn');

  await cluster.kill();
  await expect.poll(() => kms.decryptText(sealed).catch((error: unknown) => error)).toBe('attack at dawn');
});

it('INSUFFICIENT_CLOUDHSM_HSMS and CLUSTER_NOT_FOUND; keys that are Enabled fail, each with its message', async () => {
  const store = await CloudHsmKeyStoreUnderTest.connected(await start());
  const { kms, cluster, id } = store;
  const key = await store.createKey();
  const failing = (part: string) =>
    expect(refusal(kms.encryptText(key, 'x'), KMSInvalidStateException)).resolves.toContain(part);

  const locking = await cluster.connect();
  for (let tries = 0; tries < 5; tries += 1) {
    const wrong = locking.login({ username: 'kmsuser', role: 'crypto-user', password: new Secret('notThePassword') });
    await expect(wrong).rejects.toMatchObject({ reason: 'wrong password' });
  }
  await failing('because the kmsuser is locked out');
  await kms.disconnect(id);
  await store.tell(await cluster.resetKmsuser('unlocked123'));
  await kms.connect(id);
  await expect(kms.encryptText(key, 'x')).resolves.toBeDefined();

  await cluster.deleteHsms();
  await failing('does not contain any active HSMs');
  expect(await refusal(store.createKey(), CloudHsmClusterInvalidConfigurationException)).toContain('two active HSMs');
  await kms.disconnect(id);
  expect(await store.failure()).toBe('INSUFFICIENT_CLOUDHSM_HSMS');
  await kms.disconnect(id);
  const aws = new AwsCloudHsm(cluster.kms);
  await aws.createHsm(cluster.id);
  await kms.connect(id);
  await expect(kms.encryptText(key, 'x')).resolves.toBeDefined();
  expect(await refusal(store.createKey(), CloudHsmClusterInvalidConfigurationException)).toContain('two active HSMs');

  await cluster.deleteHsms();
  await aws.deleteCluster(cluster.id);
  await failing('because the cluster does not exist');
  expect(await kms.keyState(key)).toBe('Enabled');
  await kms.disconnect(id);
  expect(await store.failure()).toBe('CLUSTER_NOT_FOUND');
});

it('if all sessions are in use, the error is KMSInternalException, and a retry succeeds', async () => {
  const store = await CloudHsmKeyStoreUnderTest.connected(await start(['--cluster-sessions', '1']));
  const key = await store.createKey();
  const burst = await Promise.allSettled(Array.from({ length: 20 }, () => store.kms.encryptText(key, 'x')));
  const failures = burst.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.length).toBeLessThan(20);
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(KMSInternalException);
    expect((failure as Error).message).toContain('KMS has no free PKCS #11 session');
  }
  await expect(store.kms.encryptText(key, 'x')).resolves.toBeDefined();
});

it('a cluster serves one key store, and only with its own trust anchor', async () => {
  const kms = await start();
  const [first, second] = [await ReadyCluster.create(kms), await ReadyCluster.create(kms, 'second')];
  const caller = new KmsCaller(kms);
  const input = {
    CustomKeyStoreName: 'another',
    CloudHsmClusterId: first.id,
    TrustAnchorCertificate: second.trustAnchor,
    KeyStorePassword: 'kmsuserPassword1',
  };
  await refusal(caller.createCustomKeyStore(input), IncorrectTrustAnchorException);
  const missing = { ...input, CloudHsmClusterId: 'cluster-aaaaaaaaaaa' };
  await refusal(caller.createCustomKeyStore(missing), CloudHsmClusterNotFoundException);
  const store = await CloudHsmKeyStoreUnderTest.create(first);
  const used = { ...input, TrustAnchorCertificate: first.trustAnchor };
  await refusal(caller.createCustomKeyStore(used), CloudHsmClusterInUseException);
  const moved = caller.updateCustomKeyStore({ CustomKeyStoreId: store.id, CloudHsmClusterId: second.id });
  await refusal(moved, CloudHsmClusterNotRelatedException);
});
