import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ClusterConnection } from '../../src/cloudHsm/clusterConnection.ts';
import { Secret } from '../../src/secret.ts';
import { AwsCloudHsm } from './awsCloudHsm.ts';
import { KmsCaller } from './kmsCaller.ts';
import type { RunningLocalKms } from './runningLocalKms.ts';
import { runCommandHere } from './runCommandHere.ts';
import { ENVIRONMENT } from './startTestProgram.ts';

/** A cluster of a running local KMS, made by `kms cluster create`. */
export class ReadyCluster {
  readonly kms: RunningLocalKms;
  readonly id: string;
  readonly trustAnchor: string;
  readonly adminPassword: Secret;
  /** The password of `kmsuser` before KMS rotates it. */
  readonly kmsuserPassword: Secret;

  private constructor(kms: RunningLocalKms, id: string, trustAnchor: string, admin: string, kmsuser: string) {
    this.kms = kms;
    this.id = id;
    this.trustAnchor = trustAnchor;
    this.adminPassword = new Secret(admin);
    this.kmsuserPassword = new Secret(kmsuser);
  }

  static async create(kms: RunningLocalKms, name = 'cluster'): Promise<ReadyCluster> {
    const folder = join(kms.folder, name);
    const args = ['kms', 'cluster', 'create', '--endpoint', kms.endpoint, '--folder', folder];
    const { exitCode, stdout, stderr } = await runCommandHere(args, { env: ENVIRONMENT });
    expect(exitCode, stderr).toBe(0);
    const { ClusterId } = JSON.parse(stdout) as { readonly ClusterId: string };
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    return new ReadyCluster(kms, ClusterId, read('customerCA.crt'), read('admin.password'), read('kmsuser.password'));
  }

  /** A cluster that AwsCloudHsm has initialized, whose users get these passwords. */
  static initialized(kms: RunningLocalKms, id: string, admin: string, kmsuser: string): ReadyCluster {
    return new ReadyCluster(kms, id, readFileSync(join(kms.folder, 'customerCA.crt'), 'utf8'), admin, kmsuser);
  }

  /** Opens a connection, which is closed when the test is finished. */
  async connect(clusterId = this.id): Promise<ClusterConnection> {
    const connection = await ClusterConnection.open(clusterId, ENVIRONMENT);
    onTestFinished(() => {
      connection.close();
    });
    return connection;
  }

  /** Opens a connection that is logged in as `admin`. */
  async asAdmin(clusterId = this.id): Promise<ClusterConnection> {
    const connection = await this.connect(clusterId);
    await connection.login({ username: 'admin', role: 'admin', password: this.adminPassword });
    return connection;
  }

  /** Sets a password of `kmsuser`, who is not logged in, as `admin`. */
  async resetKmsuser(text: string, clusterId = this.id): Promise<Secret> {
    const [admin, password] = [await this.asAdmin(clusterId), new Secret(text)];
    await admin.changePassword({ ...KMSUSER, password });
    await admin.logout();
    return password;
  }

  /** Opens a connection that is logged in as `kmsuser`. */
  async asKmsuser(password: Secret, clusterId = this.id): Promise<ClusterConnection> {
    const connection = await this.connect(clusterId);
    await connection.login({ ...KMSUSER, password });
    return connection;
  }

  /** Kills the cluster's process. The local KMS restarts it within ten seconds. */
  async kill(): Promise<void> {
    const { pid } = await this.kms.logged({ msg: 'a cluster runs', clusterId: this.id });
    process.kill(Number(pid), 'SIGKILL');
    await this.kms.logged({ msg: 'the process of a cluster has ended', clusterId: this.id, pid });
  }

  /** Resolves when the cluster has no HSM. */
  async deleteHsms(): Promise<void> {
    await new AwsCloudHsm(this.kms).deleteHsms(this.id);
  }
}

const KMSUSER = { username: 'kmsuser', role: 'crypto-user' } as const;

/** An AWS CloudHSM key store that uses a ready cluster. */
export class CloudHsmKeyStoreUnderTest {
  readonly cluster: ReadyCluster;
  readonly id: string;
  readonly kms: KmsCaller;

  constructor(cluster: ReadyCluster, id: string) {
    this.cluster = cluster;
    this.id = id;
    this.kms = new KmsCaller(cluster.kms);
  }

  /** Makes a key store, which is DISCONNECTED. */
  static async create(cluster: ReadyCluster): Promise<CloudHsmKeyStoreUnderTest> {
    const { CustomKeyStoreId = '' } = await new KmsCaller(cluster.kms).createCustomKeyStore({
      CustomKeyStoreName: `hsm of ${cluster.id}`,
      CloudHsmClusterId: cluster.id,
      TrustAnchorCertificate: cluster.trustAnchor,
      KeyStorePassword: cluster.kmsuserPassword.reveal(),
    });
    return new CloudHsmKeyStoreUnderTest(cluster, CustomKeyStoreId);
  }

  /** Starts a local KMS with a connected key store. */
  static async connected(kms: RunningLocalKms): Promise<CloudHsmKeyStoreUnderTest> {
    const store = await CloudHsmKeyStoreUnderTest.create(await ReadyCluster.create(kms));
    await store.kms.connect(store.id);
    return store;
  }

  /** Connects the key store, which must fail. Resolves to its ConnectionErrorCode. */
  async failure(): Promise<string | undefined> {
    await this.kms.connectCustomKeyStore({ CustomKeyStoreId: this.id });
    await this.kms.reaches(this.id, 'FAILED');
    return (await this.kms.keyStore(this.id)).ConnectionErrorCode;
  }

  /** Sets the password of `kmsuser` in KMS. */
  async tell(password: Secret): Promise<void> {
    await this.kms.updateCustomKeyStore({ CustomKeyStoreId: this.id, KeyStorePassword: password.reveal() });
  }

  /** Creates a key, and resolves to its ARN. */
  async createKey(): Promise<string> {
    const { KeyMetadata } = await this.kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: this.id });
    return KeyMetadata?.Arn ?? '';
  }
}
