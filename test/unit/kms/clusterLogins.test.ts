import { beforeEach, expect, it } from 'vitest';
import type { ClusterConnection, Credentials } from '../../../src/cloudHsm/clusterConnection.ts';
import { ClusterFailure } from '../../../src/cloudHsm/clusterFailure.ts';
import { ClusterLogins } from '../../../src/kms/kmsUser/clusterLogins.ts';
import type { CloudHsmKeyStore } from '../../../src/kms/state/records.ts';
import { Secret } from '../../../src/secret.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

/** A cluster that knows the password of kmsuser, and counts the logins. */
class FakeCluster {
  password = 'kmsuserPassword1';
  tries = 0;
  /** Called when a password is about to change. */
  beforeChange = (): void => undefined;

  open = (): Promise<ClusterConnection> => {
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    const connection = {
      ended,
      close: () => {
        resolve(undefined);
      },
      login: ({ password }: Credentials): Promise<void> => {
        this.tries += 1;
        if (password.reveal() === this.password) return Promise.resolve();
        return Promise.reject(new ClusterFailure('wrong password', 'from the test'));
      },
      changePassword: ({ password }: Credentials): Promise<void> => {
        this.beforeChange();
        this.password = password.reveal();
        return Promise.resolve();
      },
    };
    return Promise.resolve(connection as Partial<ClusterConnection> as ClusterConnection);
  };
}

let kms: LocalKmsUnderTest;
let cluster: FakeCluster;
let logins: ClusterLogins;
let store: CloudHsmKeyStore;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  cluster = new FakeCluster();
  logins = new ClusterLogins(kms.state, cluster.open);
  store = kms.addCloudHsmKeyStore({}, 'CONNECTING');
});

/** The password that KMS knows, and the one that is being set. */
function known(): (string | undefined)[] {
  const [{ keyStorePassword, nextKeyStorePassword } = store] = kms.state.customKeyStores.cloudHsm();
  return [keyStorePassword.reveal(), nextKeyStorePassword?.reveal()];
}

const WRONG = { reason: 'wrong password' };

it('KMS knows both passwords before the cluster changes its own, and afterwards only the new one', async () => {
  cluster.beforeChange = () => {
    expect(known()).toEqual(['kmsuserPassword1', expect.stringMatching(/^[0-9a-f]{32}$/)]);
  };
  await logins.connect(store);
  expect(known()).toEqual([cluster.password, undefined]);
  expect(cluster.password).not.toBe('kmsuserPassword1');
});

it('tries the password that was being set if the other is wrong', async () => {
  kms.state.customKeyStores.setPasswords(
    store.customKeyStoreId,
    new Secret('old12345'),
    new Secret('kmsuserPassword1'),
  );
  kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'CONNECTED');
  await logins.loggedIn(store);
  expect(known()).toEqual(['kmsuserPassword1', undefined]);
});

it('tries two wrong passwords once, and then only one', async () => {
  kms.state.customKeyStores.setPasswords(store.customKeyStoreId, new Secret('old12345'), new Secret('next1234'));
  await expect(logins.connect(store)).rejects.toMatchObject(WRONG);
  expect([cluster.tries, ...known()]).toEqual([2, 'old12345', undefined]);
  await expect(logins.connect(store)).rejects.toMatchObject(WRONG);
  expect(cluster.tries).toBe(3);
});

it('tries a wrong password once while the key store is CONNECTED, despite many requests', async () => {
  cluster.password = 'another1';
  kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'CONNECTED');
  for (let request = 0; request < 10; request += 1) await expect(logins.loggedIn(store)).rejects.toMatchObject(WRONG);
  expect(cluster.tries).toBe(1);
});

it('makes no login for a key store that is not connected', async () => {
  kms.state.customKeyStores.setConnection(store.customKeyStoreId, 'DISCONNECTED');
  await expect(logins.loggedIn(store)).rejects.toMatchObject({ reason: 'not logged in' });
  await expect(logins.connect(store)).rejects.toMatchObject({ reason: 'not logged in' });
  expect(cluster.tries).toBe(0);
});
