import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CloudHsmClient } from '../../src/kms/clusters/cloudHsmClient.ts';
import type { RunningLocalKms } from './runningLocalKms.ts';

export const SUBNETS = ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'];

export interface DescribedCluster {
  readonly ClusterId: string;
  readonly State: string;
  readonly Hsms: readonly { readonly HsmId: string; readonly State: string; readonly EniIp: string }[];
  readonly Certificates: { readonly ClusterCsr?: string; readonly ClusterCertificate?: string };
}

export interface DescribedBackup {
  readonly BackupId: string;
  readonly BackupState: string;
  readonly ClusterId: string;
}

/**
 * Runs `aws cloudhsmv2` of the real AWS CLI with a local KMS. Polls do without the CLI, which takes a second to start.
 */
export class AwsCloudHsm {
  readonly #kms: RunningLocalKms;
  readonly #client: CloudHsmClient;

  constructor(kms: RunningLocalKms) {
    this.#kms = kms;
    this.#client = new CloudHsmClient({ endpoint: kms.endpoint, region: 'us-east-1' });
  }

  /** Resolves to the output of the command. Throws an error with its error output if it fails. */
  async run(...args: readonly string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await this.#kms.awsService('cloudhsmv2', ...args);
    if (exitCode !== 0) throw new Error(stderr.trim());
    return (stdout === '' ? {} : JSON.parse(stdout)) as Record<string, unknown>;
  }

  async cluster(id: string): Promise<DescribedCluster> {
    const output = await this.#client.call('DescribeClusters', { Filters: { clusterIds: [id] } });
    const [cluster] = (output as { Clusters: readonly DescribedCluster[] }).Clusters;
    if (!cluster) throw new Error(`There is no ${id}`);
    return cluster;
  }

  async backups(clusterId: string): Promise<readonly DescribedBackup[]> {
    const output = await this.#client.call('DescribeBackups', { Filters: { clusterIds: [clusterId] } });
    return (output as { Backups: readonly DescribedBackup[] }).Backups;
  }

  async reaches(clusterId: string, state: string): Promise<void> {
    await expect.poll(async () => (await this.cluster(clusterId)).State).toBe(state);
  }

  /** Creates a cluster with these members beyond those that every cluster needs; resolves to its id. */
  async createCluster(more: object = {}): Promise<string> {
    const output = await this.#client.call('CreateCluster', { HsmType: 'hsm2m.medium', SubnetIds: SUBNETS, ...more });
    return (output as { Cluster: DescribedCluster }).Cluster.ClusterId;
  }

  /** Resolves when the HSM is active. */
  async createHsm(clusterId: string, zone = 'us-east-1a'): Promise<void> {
    await this.#client.call('CreateHsm', { ClusterId: clusterId, AvailabilityZone: zone });
    await this.hsmsAreActive(clusterId);
  }

  async hsmsAreActive(clusterId: string): Promise<void> {
    const states = async () => (await this.cluster(clusterId)).Hsms.map(({ State }) => State);
    await expect.poll(async () => (await states()).every((state) => state === 'ACTIVE')).toBe(true);
  }

  /** Resolves when the cluster has no HSM. */
  async deleteHsms(clusterId: string): Promise<void> {
    for (const { HsmId } of (await this.cluster(clusterId)).Hsms) {
      await this.#client.call('DeleteHsm', { ClusterId: clusterId, HsmId });
    }
    await expect.poll(async () => (await this.cluster(clusterId)).Hsms).toEqual([]);
  }

  /** Resolves to the id of an active cluster with two HSMs, made from the newest backup of another one. */
  async restore(clusterId: string): Promise<string> {
    const [newest] = await this.backups(clusterId);
    const restored = await this.createCluster({ SourceBackupId: newest?.BackupId });
    await this.reaches(restored, 'INITIALIZED');
    await this.createHsm(restored);
    await this.createHsm(restored, 'us-east-1b');
    await this.reaches(restored, 'ACTIVE');
    return restored;
  }

  async deleteCluster(clusterId: string): Promise<void> {
    await this.#client.call('DeleteCluster', { ClusterId: clusterId });
  }

  /** Signs the cluster's CSR with a customer CA, as AWS's guide does; resolves to the paths of the two PEM files. */
  async sign(clusterId: string): Promise<{ readonly signedCert: string; readonly trustAnchor: string }> {
    const { ClusterCsr = '' } = (await this.cluster(clusterId)).Certificates;
    const path = (name: string) => join(this.#kms.folder, name);
    const [csr, key, trustAnchor, signedCert] = ['cluster.csr', 'customerCA.key', 'customerCA.crt', 'cluster.crt'].map(
      path,
    ) as [string, string, string, string];
    writeFileSync(csr, ClusterCsr);
    const openssl = (command: string, ...files: readonly string[]) =>
      execFileSync('openssl', [...command.split(' '), ...files], { stdio: 'pipe' });
    openssl('genrsa', '-out', key, '2048');
    openssl('req -new -x509 -days 3652 -subj /CN=customerCA', '-key', key, '-out', trustAnchor);
    const authority = ['-CA', trustAnchor, '-CAkey', key, '-CAcreateserial'];
    openssl('x509 -req -days 3652', '-in', csr, ...authority, '-out', signedCert);
    return { signedCert, trustAnchor };
  }

  /** Resolves when the cluster is INITIALIZED. */
  async initialize(clusterId: string): Promise<void> {
    const { signedCert, trustAnchor } = await this.sign(clusterId);
    const [SignedCert, TrustAnchor] = [signedCert, trustAnchor].map((file) => readFileSync(file, 'utf8'));
    await this.#client.call('InitializeCluster', { ClusterId: clusterId, SignedCert, TrustAnchor });
    await this.reaches(clusterId, 'INITIALIZED');
  }
}
