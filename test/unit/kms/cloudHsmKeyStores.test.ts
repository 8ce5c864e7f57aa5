import { beforeEach, describe, expect, it } from 'vitest';
import { connectCustomKeyStore } from '../../../src/kms/operations/customKeyStores/connectCustomKeyStore.ts';
import { createCustomKeyStore } from '../../../src/kms/operations/customKeyStores/createCustomKeyStore.ts';
import { deleteCustomKeyStore } from '../../../src/kms/operations/customKeyStores/deleteCustomKeyStore.ts';
import { describeCustomKeyStores } from '../../../src/kms/operations/customKeyStores/describeCustomKeyStores.ts';
import { updateCustomKeyStore } from '../../../src/kms/operations/customKeyStores/updateCustomKeyStore.ts';
import type { Cluster } from '../../../src/kms/state/clusterRecords.ts';
import type { ConnectionState } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';
import { createCertificateAuthority } from '../../../certs/issueCertificate.ts';

const [trustAnchor, otherAnchor] = [createCertificateAuthority().certificate, createCertificateAuthority().certificate];

const ONE_ZONE = { 'us-east-1a': 'subnet-00000000000000001' };

let kms: LocalKmsUnderTest;
let cluster: Cluster;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  cluster = kms.addCluster({ trustAnchor });
});

function request(changes: object = {}): object {
  return {
    CustomKeyStoreName: 'hsm',
    CloudHsmClusterId: cluster.clusterId,
    TrustAnchorCertificate: trustAnchor,
    KeyStorePassword: 'kmsPswd',
    ...changes,
  };
}

function deleteHsms({ clusterId }: Cluster, count: number): void {
  for (const { hsmId } of kms.state.hsms.list({ clusterId }).slice(0, count)) kms.state.hsms.delete(hsmId);
}

/** Rules that open CloudHSM's ports, with outgoing traffic only up to `toPort`. */
function securityGroup({ securityGroup: groupId }: Cluster, toPort: number) {
  const open = [{ ipProtocol: '-1', fromPort: -1, toPort: -1 }] as const;
  return {
    groupId,
    ipPermissions: open,
    ipPermissionsEgress: [{ ipProtocol: 'tcp', fromPort: 2223, toPort }],
  } as const;
}

describe('CreateCustomKeyStore', () => {
  it.each([undefined, 'AWS_CLOUDHSM'])(
    'of type %s makes one that is DISCONNECTED, and shows no password',
    async (type) => {
      const output = await kms.call(createCustomKeyStore, request({ CustomKeyStoreType: type }));
      const described = await kms.call(describeCustomKeyStores, {});
      expect(described).toEqual({
        CustomKeyStores: [
          {
            CustomKeyStoreId: output?.['CustomKeyStoreId'],
            CustomKeyStoreName: 'hsm',
            CustomKeyStoreType: 'AWS_CLOUDHSM',
            CloudHsmClusterId: cluster.clusterId,
            TrustAnchorCertificate: trustAnchor,
            ConnectionState: 'DISCONNECTED',
            ConnectionErrorCode: undefined,
            CreationDate: new Date(kms.now),
          },
        ],
        Truncated: false,
      });
      expect(kms.state.customKeyStores.cloudHsm()[0]?.keyStorePassword.reveal()).toBe('kmsPswd');
      expect(kms.kmsUser.connected.size).toBe(0);
    },
  );

  it('accepts a trust anchor whose PEM is formatted differently', async () => {
    const TrustAnchorCertificate = `a comment\n${trustAnchor.replaceAll('\n', '\r\n')}\n`;
    await expect(kms.call(createCustomKeyStore, request({ TrustAnchorCertificate }))).resolves.toBeDefined();
  });

  const needed =
    'An AWS CloudHSM key store needs CloudHsmClusterId, TrustAnchorCertificate and KeyStorePassword. For an external key store, CustomKeyStoreType must be EXTERNAL_KEY_STORE.';
  it.each([
    ['ValidationException', needed, { CloudHsmClusterId: null }],
    ['ValidationException', needed, { TrustAnchorCertificate: null }],
    ['ValidationException', needed, { KeyStorePassword: null }],
    [
      'ValidationException',
      "1 validation error detected: Value 'cluster-1a23b4cdefg' at 'cloudHsmClusterId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^cluster-[2-7a-zA-Z]{11,16}$",
      { CloudHsmClusterId: 'cluster-1a23b4cdefg' },
    ],
    [
      'ValidationException',
      "1 validation error detected: Value at 'keyStorePassword' failed to satisfy constraint: Member must have length greater than or equal to 7",
      { KeyStorePassword: 'kmsPsw' },
    ],
    [
      'ValidationException',
      "1 validation error detected: Value at 'keyStorePassword' failed to satisfy constraint: Member must have length less than or equal to 32",
      { KeyStorePassword: 'p'.repeat(33) },
    ],
    ['SerializationException', 'The type of keyStorePassword is not the one expected', { KeyStorePassword: 1234567 }],
    [
      'CloudHsmClusterNotFoundException',
      'KMS cannot find the CloudHSM cluster cluster-aaaaaaaaaaa.',
      // The cluster is looked up before the certificate is read.
      { CloudHsmClusterId: 'cluster-aaaaaaaaaaa', TrustAnchorCertificate: 'no certificate' },
    ],
  ])('%s: %s', async (errorName, message, changes) => {
    const call = kms.call(createCustomKeyStore, request(changes));
    await expect(call).rejects.toMatchObject({ errorName, message });
    expect(kms.state.customKeyStores.list()).toEqual([]);
  });

  it.each(['not the other', 'no certificate', 'two'])(
    'with %s trust anchor is IncorrectTrustAnchorException',
    async (what) => {
      const anchors: Record<string, string> = { 'not the other': otherAnchor, 'no certificate': 'x' };
      const TrustAnchorCertificate = anchors[what] ?? `${otherAnchor}${trustAnchor}`;
      await expect(kms.call(createCustomKeyStore, request({ TrustAnchorCertificate }))).rejects.toMatchObject({
        errorName: 'IncorrectTrustAnchorException',
      });
    },
  );

  it.each([
    'CREATE_IN_PROGRESS',
    'UNINITIALIZED',
    'INITIALIZE_IN_PROGRESS',
    'INITIALIZED',
    'MODIFY_IN_PROGRESS',
  ] as const)('on a cluster that is %s is CloudHsmClusterNotActiveException', async (state) => {
    kms.state.clusters.put({ ...cluster, state });
    await expect(kms.call(createCustomKeyStore, request())).rejects.toMatchObject({
      errorName: 'CloudHsmClusterNotActiveException',
      message: expect.stringContaining(`its state is ${state}.`) as string,
    });
  });

  it.each(['DELETE_IN_PROGRESS', 'DELETED'] as const)(
    'on a cluster that is %s is CloudHsmClusterNotFoundException',
    async (state) => {
      kms.state.clusters.put({ ...cluster, state });
      await expect(kms.call(createCustomKeyStore, request())).rejects.toMatchObject({
        errorName: 'CloudHsmClusterNotFoundException',
      });
    },
  );

  it('needs two active HSMs in two zones, subnets in two zones, and open ports', async () => {
    const refused = (message: RegExp) =>
      expect(kms.call(createCustomKeyStore, request())).rejects.toMatchObject({
        errorName: 'CloudHsmClusterInvalidConfigurationException',
        message: expect.stringMatching(message) as string,
      });
    kms.securityGroups = [securityGroup(cluster, 2224)];
    await refused(/security group sg-0+1 .* 2223-2225/);
    kms.securityGroups = [securityGroup(cluster, 2225)];
    const [hsm] = kms.state.hsms.list({ clusterId: cluster.clusterId, availabilityZone: 'us-east-1a' });
    if (!hsm) throw new Error('there is no HSM');
    kms.state.hsms.put({ ...hsm, state: 'CREATE_IN_PROGRESS' });
    await refused(/at least two active HSMs, each in a different Availability Zone/);
    kms.state.hsms.put({ ...hsm, state: 'ACTIVE', availabilityZone: 'us-east-1b' });
    await refused(/at least two active HSMs, each in a different Availability Zone/);
    kms.state.hsms.put({ ...hsm, state: 'ACTIVE' });
    kms.state.clusters.put({ ...cluster, subnetMapping: ONE_ZONE });
    await refused(/private subnets in at least two Availability Zones/);
    kms.state.clusters.put(cluster);
    await expect(kms.call(createCustomKeyStore, request())).resolves.toBeDefined();
  });

  it('on a cluster that is used, or shares its backups with a used one, is CloudHsmClusterInUseException', async () => {
    const output = await kms.call(createCustomKeyStore, request());
    const sibling = kms.addCluster({ trustAnchor, backupHistory: cluster.clusterId });
    const errorName = 'CloudHsmClusterInUseException';
    const id = String(output?.['CustomKeyStoreId']);
    await expect(kms.call(createCustomKeyStore, request({ CustomKeyStoreName: 'other' }))).rejects.toMatchObject({
      errorName,
      message: `The CloudHSM cluster ${cluster.clusterId} is used by the custom key store ${id}.`,
    });
    const changes = { CustomKeyStoreName: 'other', CloudHsmClusterId: sibling.clusterId };
    await expect(kms.call(createCustomKeyStore, request(changes))).rejects.toMatchObject({
      errorName,
      message: `The CloudHSM cluster ${sibling.clusterId} shares a backup history with ${cluster.clusterId}, which is used by the custom key store ${id}.`,
    });
  });

  it('shares its names and its quota with the other kind of key stores', async () => {
    kms.addKeyStore({ customKeyStoreName: 'hsm' });
    await expect(kms.call(createCustomKeyStore, request())).rejects.toMatchObject({
      errorName: 'CustomKeyStoreNameInUseException',
    });
    for (let count = 1; count < 10; count += 1) kms.addKeyStore();
    await expect(kms.call(createCustomKeyStore, request({ CustomKeyStoreName: 'other' }))).rejects.toMatchObject({
      errorName: 'LimitExceededException',
    });
  });
});

const UNCHANGEABLE: readonly ConnectionState[] = ['CONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTING'];

describe('UpdateCustomKeyStore', () => {
  const update = (customKeyStoreId: string, input: object) =>
    kms.call(updateCustomKeyStore, { CustomKeyStoreId: customKeyStoreId, ...input });

  it.each([...UNCHANGEABLE, 'DISCONNECTED'] as const)('changes the name of one that is %s', async (state) => {
    const store = kms.addCloudHsmKeyStore({}, state);
    await expect(update(store.customKeyStoreId, { NewCustomKeyStoreName: 'renamed' })).resolves.toEqual({});
    expect(kms.state.customKeyStores.list()).toEqual([{ ...store, customKeyStoreName: 'renamed' }]);
  });

  it.each(UNCHANGEABLE)('changes nothing else in one that is %s', async (state) => {
    const store = kms.addCloudHsmKeyStore({}, state);
    for (const input of [{ KeyStorePassword: 'another1' }, { CloudHsmClusterId: store.cloudHsmClusterId }]) {
      const both = { NewCustomKeyStoreName: 'renamed', ...input };
      await expect(update(store.customKeyStoreId, both)).rejects.toMatchObject({
        errorName: 'CustomKeyStoreInvalidStateException',
        message: expect.stringContaining(`UpdateCustomKeyStore of ${Object.keys(input).join()} is not valid`) as string,
      });
    }
    expect(kms.state.customKeyStores.list()).toEqual([store]);
  });

  it('gives KMS the password, and does not check it with a cluster', async () => {
    const store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
    await update(store.customKeyStoreId, { KeyStorePassword: 'another1' });
    const [changed] = kms.state.customKeyStores.cloudHsm();
    expect(changed?.keyStorePassword.reveal()).toBe('another1');
    expect(kms.kmsUser.connected.size).toBe(0);
  });

  it('moves to a cluster that shares its backups, and to no other', async () => {
    const store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
    const { clusterId: sibling } = kms.addCluster({ backupHistory: store.cloudHsmClusterId });
    const move = (CloudHsmClusterId: string) => update(store.customKeyStoreId, { CloudHsmClusterId });
    await expect(move(cluster.clusterId)).rejects.toMatchObject({ errorName: 'CloudHsmClusterNotRelatedException' });
    await expect(move('cluster-aaaaaaaaaaa')).rejects.toMatchObject({ errorName: 'CloudHsmClusterNotFoundException' });
    await move(sibling);
    expect(kms.state.customKeyStores.cloudHsm()[0]?.cloudHsmClusterId).toBe(sibling);
    await move(sibling);
  });

  it('has the same requirements for the new cluster as CreateCustomKeyStore', async () => {
    const store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
    const sibling = kms.addCluster({ backupHistory: store.cloudHsmClusterId });
    const move = () => update(store.customKeyStoreId, { CloudHsmClusterId: sibling.clusterId });
    kms.state.clusters.put({ ...sibling, state: 'INITIALIZED' });
    await expect(move()).rejects.toMatchObject({ errorName: 'CloudHsmClusterNotActiveException' });
    kms.state.clusters.put(sibling);
    deleteHsms(sibling, 1);
    await expect(move()).rejects.toMatchObject({ errorName: 'CloudHsmClusterInvalidConfigurationException' });
  });

  it.each([
    ['Specify at least one property of the custom key store to change.', {}],
    [
      'XksProxyUriPath: valid only for custom key stores with a CustomKeyStoreType of EXTERNAL_KEY_STORE. The type of this one is AWS_CLOUDHSM.',
      { XksProxyUriPath: '/kms/xks/v1' },
    ],
    [
      'TrustAnchorCertificate cannot be changed: clusters that share a backup history have the same trust anchor.',
      { TrustAnchorCertificate: 'x' },
    ],
  ])('ValidationException: %s', async (message, input) => {
    const store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
    const refused = update(store.customKeyStoreId, input);
    await expect(refused).rejects.toMatchObject({ errorName: 'ValidationException', message });
  });
});

describe('ConnectCustomKeyStore', () => {
  const connect = ({ customKeyStoreId }: { readonly customKeyStoreId: string }) =>
    kms.call(connectCustomKeyStore, { CustomKeyStoreId: customKeyStoreId });

  it('refuses at once a cluster with a problem that is not a connection error', async () => {
    const store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
    const own = kms.state.clusters.find(store.cloudHsmClusterId);
    if (!own) throw new Error('there is no cluster');
    kms.state.clusters.put({ ...own, state: 'INITIALIZED' });
    await expect(connect(store)).rejects.toMatchObject({ errorName: 'CloudHsmClusterNotActiveException' });
    kms.state.clusters.put(own);
    kms.securityGroups = [securityGroup(own, 2223)];
    await expect(connect(store)).rejects.toMatchObject({ errorName: 'CloudHsmClusterInvalidConfigurationException' });
    kms.securityGroups = [];
    await expect(connect(store)).resolves.toEqual({});
  });

  it('accepts a cluster with a problem that the connection will report', async () => {
    const store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
    const own = kms.state.clusters.find(store.cloudHsmClusterId);
    if (own) kms.state.clusters.put({ ...own, state: 'DELETED' });
    await expect(connect(store)).resolves.toEqual({});
    if (own) kms.state.clusters.put(own);
    deleteHsms(own ?? cluster, 2);
    await expect(connect(store)).resolves.toEqual({});
  });
});

it('DeleteCustomKeyStore needs it DISCONNECTED and without keys, and leaves the cluster', async () => {
  const store = kms.addCloudHsmKeyStore();
  const CustomKeyStoreId = store.customKeyStoreId;
  await expect(kms.call(deleteCustomKeyStore, { CustomKeyStoreId })).rejects.toMatchObject({
    errorName: 'CustomKeyStoreInvalidStateException',
  });
  kms.state.customKeyStores.setConnection(CustomKeyStoreId, 'DISCONNECTED');
  const { keyId } = kms.addClusterKey(CustomKeyStoreId);
  await expect(kms.call(deleteCustomKeyStore, { CustomKeyStoreId })).rejects.toMatchObject({
    errorName: 'CustomKeyStoreHasCMKsException',
  });
  kms.state.keys.setState(keyId, 'PendingDeletion', kms.now);
  kms.state.keys.deleteDue(kms.now);
  await kms.call(deleteCustomKeyStore, { CustomKeyStoreId });
  expect(kms.state.customKeyStores.list()).toEqual([]);
  expect(kms.state.clusters.find(store.cloudHsmClusterId)?.state).toBe('ACTIVE');
});
