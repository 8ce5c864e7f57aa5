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

/** A cluster of a running local KMS that `kms cluster create` has made. */
export class ReadyCluster {
  readonly kms: RunningLocalKms;
  readonly id: string;
  readonly trustAnchor: string;
  readonly adminPassword: Secret;
  /** The password of `kmsuser` before KMS has rotated it. */
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

  /** One that AwsCloudHsm has initialized; its users are to have these passwords. */
  static initialized(kms: RunningLocalKms, id: string, admin: string, kmsuser: string): ReadyCluster {
    return new ReadyCluster(kms, id, readFileSync(join(kms.folder, 'customerCA.crt'), 'utf8'), admin, kmsuser);
  }

  /** A connection of its own, until the test is finished. */
  async connect(clusterId = this.id): Promise<ClusterConnection> {
    const connection = await ClusterConnection.open(clusterId, ENVIRONMENT);
    onTestFinished(() => {
      connection.close();
    });
    return connection;
  }

  /** A connection that is logged in as `admin`. */
  async asAdmin(clusterId = this.id): Promise<ClusterConnection> {
    const connection = await this.connect(clusterId);
    await connection.login({ username: 'admin', role: 'admin', password: this.adminPassword });
    return connection;
  }

  /** The password that `admin` gives to `kmsuser`, which is not logged in. */
  async resetKmsuser(text: string, clusterId = this.id): Promise<Secret> {
    const [admin, password] = [await this.asAdmin(clusterId), new Secret(text)];
    await admin.changePassword({ ...KMSUSER, password });
    await admin.logout();
    return password;
  }

  /** A connection that is logged in as `kmsuser`. */
  async asKmsuser(password: Secret, clusterId = this.id): Promise<ClusterConnection> {
    const connection = await this.connect(clusterId);
    await connection.login({ ...KMSUSER, password });
    return connection;
  }

  /** Kills its process, which the local KMS starts anew in ten seconds. */
  async kill(): Promise<void> {
    const { pid } = await this.kms.logged({ msg: 'a cluster runs', clusterId: this.id });
    process.kill(Number(pid), 'SIGKILL');
    await this.kms.logged({ msg: 'the process of a cluster has ended', clusterId: this.id, pid });
  }

  /** Resolves when it has no HSM. */
  async deleteHsms(): Promise<void> {
    await new AwsCloudHsm(this.kms).deleteHsms(this.id);
  }
}

const KMSUSER = { username: 'kmsuser', role: 'crypto-user' } as const;

/** An AWS CloudHSM key store over a cluster that is ready. */
export class CloudHsmKeyStoreUnderTest {
  readonly cluster: ReadyCluster;
  readonly id: string;
  readonly kms: KmsCaller;

  constructor(cluster: ReadyCluster, id: string) {
    this.cluster = cluster;
    this.id = id;
    this.kms = new KmsCaller(cluster.kms);
  }

  /** It is DISCONNECTED. */
  static async create(cluster: ReadyCluster): Promise<CloudHsmKeyStoreUnderTest> {
    const { CustomKeyStoreId = '' } = await new KmsCaller(cluster.kms).createCustomKeyStore({
      CustomKeyStoreName: `hsm of ${cluster.id}`,
      CloudHsmClusterId: cluster.id,
      TrustAnchorCertificate: cluster.trustAnchor,
      KeyStorePassword: cluster.kmsuserPassword.reveal(),
    });
    return new CloudHsmKeyStoreUnderTest(cluster, CustomKeyStoreId);
  }

  /** A local KMS with a connected one. */
  static async connected(kms: RunningLocalKms): Promise<CloudHsmKeyStoreUnderTest> {
    const store = await CloudHsmKeyStoreUnderTest.create(await ReadyCluster.create(kms));
    await store.kms.connect(store.id);
    return store;
  }

  /** Connects it, and resolves to its ConnectionErrorCode when it is FAILED. */
  async failure(): Promise<string | undefined> {
    await this.kms.connectCustomKeyStore({ CustomKeyStoreId: this.id });
    await this.kms.reaches(this.id, 'FAILED');
    return (await this.kms.keyStore(this.id)).ConnectionErrorCode;
  }

  /** Tells KMS a password of `kmsuser`. */
  async tell(password: Secret): Promise<void> {
    await this.kms.updateCustomKeyStore({ CustomKeyStoreId: this.id, KeyStorePassword: password.reveal() });
  }

  /** The ARN of a new key. */
  async createKey(): Promise<string> {
    const { KeyMetadata } = await this.kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: this.id });
    return KeyMetadata?.Arn ?? '';
  }
}
