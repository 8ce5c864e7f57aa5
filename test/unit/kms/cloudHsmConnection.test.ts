import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterFailureReason } from '../../../src/cloudHsm/clusterFailure.ts';
import { freeAddresses } from '../../../src/kms/clusters/freeAddresses.ts';
import type { Subnet } from '../../../src/kms/clusters/subnet.ts';
import { BackgroundConnector } from '../../../src/kms/connection/backgroundConnector.ts';
import { HealthChecks } from '../../../src/kms/connection/healthChecks.ts';
import type { CloudHsmKeyStore } from '../../../src/kms/state/records.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const SUBNETS: readonly Subnet[] = ['a', 'b'].map((zone, index) => ({
  subnetId: `subnet-0000000000000000${index + 1}`,
  vpcId: 'vpc-00000000000000001',
  availabilityZone: `us-east-1${zone}`,
  cidrBlock: `10.0.${index}.0/24`,
  availableIpAddressCount: 2,
}));

let kms: LocalKmsUnderTest;
let store: CloudHsmKeyStore;
let connector: BackgroundConnector;
beforeEach(() => {
  vi.useFakeTimers();
  kms = new LocalKmsUnderTest();
  kms.subnets = SUBNETS;
  store = kms.addCloudHsmKeyStore({}, 'DISCONNECTED');
  connector = new BackgroundConnector({ kms, log: pino({ enabled: false }), connectMs: 10, disconnectMs: 10 });
});
afterEach(() => {
  vi.useRealTimers();
});

function stored(): CloudHsmKeyStore {
  const [found] = kms.state.customKeyStores.cloudHsm();
  if (!found) throw new Error('there is no key store');
  return found;
}

async function connected(): Promise<CloudHsmKeyStore> {
  connector.connect(stored(), 'request');
  await vi.advanceTimersByTimeAsync(10);
  return stored();
}

async function disconnected(): Promise<CloudHsmKeyStore> {
  connector.disconnect(stored());
  await vi.advanceTimersByTimeAsync(10);
  return stored();
}

const failedWith = (connectionErrorCode: string) => ({ connectionState: 'FAILED', connectionErrorCode });

describe('connecting', () => {
  it('logs in as kmsuser, and disconnecting logs out', async () => {
    expect(await connected()).toMatchObject({ connectionState: 'CONNECTED', connectionErrorCode: undefined });
    expect(kms.kmsUser.connected).toEqual(new Set([store.customKeyStoreId]));
    expect(await disconnected()).toMatchObject({ connectionState: 'DISCONNECTED' });
    expect(kms.kmsUser.connected.size).toBe(0);
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it.each<[ClusterFailureReason, string]>([
    ['unreachable', 'NETWORK_ERRORS'],
    ['locked out', 'USER_LOCKED_OUT'],
    ['wrong password', 'INVALID_CREDENTIALS'],
    ['user not found', 'USER_NOT_FOUND'],
    ['logged in elsewhere', 'USER_LOGGED_IN'],
    ['not activated', 'INTERNAL_ERROR'],
    ['failed', 'INTERNAL_ERROR'],
    ['refused', 'INTERNAL_ERROR'],
    ['not logged in', 'INTERNAL_ERROR'],
  ])('to a cluster that reports "%s" is FAILED with %s', async (reason, code) => {
    kms.kmsUser.loginFailure = reason;
    expect(await connected()).toMatchObject(failedWith(code));
    kms.kmsUser.loginFailure = undefined;
    await disconnected();
    expect(await connected()).toMatchObject({ connectionState: 'CONNECTED' });
  });

  it('that fails after the login leaves no user logged in', async () => {
    kms.addClusterKey(store.customKeyStoreId);
    kms.kmsUser.callFailure = 'unreachable';
    expect(await connected()).toMatchObject(failedWith('NETWORK_ERRORS'));
    expect(kms.kmsUser.connected.size).toBe(0);
  });

  it('to a cluster that was deleted is FAILED with CLUSTER_NOT_FOUND', async () => {
    const cluster = kms.state.clusters.find(store.cloudHsmClusterId);
    if (cluster) kms.state.clusters.put({ ...cluster, state: 'DELETED' });
    expect(await connected()).toMatchObject(failedWith('CLUSTER_NOT_FOUND'));
  });

  it('needs one active HSM, or is FAILED with INSUFFICIENT_CLOUDHSM_HSMS', async () => {
    const [first, second] = kms.state.hsms.list({ clusterId: store.cloudHsmClusterId });
    if (!first || !second) throw new Error('there are no HSMs');
    kms.state.hsms.put({ ...first, state: 'CREATE_IN_PROGRESS' });
    kms.state.hsms.put({ ...second, state: 'DELETE_IN_PROGRESS' });
    expect(await connected()).toMatchObject(failedWith('INSUFFICIENT_CLOUDHSM_HSMS'));
    kms.state.hsms.put(first);
    await disconnected();
    expect(await connected()).toMatchObject({ connectionState: 'CONNECTED' });
  });

  it('to a cluster whose subnet was deleted is FAILED with SUBNET_NOT_FOUND', async () => {
    kms.subnets = SUBNETS.slice(1);
    expect(await connected()).toMatchObject(failedWith('SUBNET_NOT_FOUND'));
  });

  it('needs an address in each subnet, or is FAILED with INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET', async () => {
    kms.subnets = SUBNETS.map((subnet, index) => ({ ...subnet, availableIpAddressCount: 2 - index }));
    expect(await connected()).toMatchObject(failedWith('INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET'));
  });

  it('takes an address from each subnet, and returns it', async () => {
    const free = () => SUBNETS.map((subnet) => freeAddresses(kms.state, subnet));
    expect(free()).toEqual([1, 1]);
    await connected();
    expect(free()).toEqual([0, 0]);
    connector.disconnect(stored());
    expect(free()).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(10);
    expect(free()).toEqual([1, 1]);
  });

  it('detects which keys have lost their key material, and which have it again', async () => {
    const [kept, lost] = [kms.addClusterKey(store.customKeyStoreId), kms.addClusterKey(store.customKeyStoreId)];
    const material = kms.kmsUser.keys.get(lost.backingKeyId) ?? Buffer.alloc(0);
    const missing = () => [kept, lost].map(({ keyId }) => kms.state.keys.find(keyId));
    kms.kmsUser.keys.delete(lost.backingKeyId);
    await connected();
    expect(missing()).toMatchObject([{ isMaterialMissing: false }, { isMaterialMissing: true }]);
    kms.kmsUser.keys.set(lost.backingKeyId, material);
    await disconnected();
    await connected();
    expect(missing()).toMatchObject([{ isMaterialMissing: false }, { isMaterialMissing: false }]);
  });
});

it('a health check detects that key material is gone, and leaves a key store with a failing cluster CONNECTED', async () => {
  await connected();
  const { keyId, backingKeyId } = kms.addClusterKey(store.customKeyStoreId);
  kms.kmsUser.keys.delete(backingKeyId);
  const checks = new HealthChecks({ kms, log: pino({ enabled: false }), healthCheckMs: 1_000 });
  checks.start();
  kms.kmsUser.callFailure = 'unreachable';
  await vi.advanceTimersByTimeAsync(1_000);
  expect(kms.state.keys.find(keyId)).toMatchObject({ isMaterialMissing: false });
  expect(stored().connectionState).toBe('CONNECTED');
  kms.kmsUser.callFailure = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(kms.state.keys.find(keyId)).toMatchObject({ isMaterialMissing: true });
  checks.stop();
});
