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

/** `aws cloudhsmv2` of the real AWS CLI, with a local KMS. What is asked again and again does without the CLI, which takes a second to start. */
export class AwsCloudHsm {
  readonly #kms: RunningLocalKms;
  readonly #client: CloudHsmClient;

  constructor(kms: RunningLocalKms) {
    this.#kms = kms;
    this.#client = new CloudHsmClient({ endpoint: kms.endpoint, region: 'us-east-1' });
  }

  /** What the command prints; throws with what it says if it fails. */
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

  /** The id of a new cluster. */
  async createCluster(...args: readonly string[]): Promise<string> {
    const { Cluster } = await this.run(
      'create-cluster',
      '--hsm-type',
      'hsm2m.medium',
      '--subnet-ids',
      ...SUBNETS,
      ...args,
    );
    return (Cluster as DescribedCluster).ClusterId;
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

  /** As AWS's guide does it. Resolves when the cluster is INITIALIZED. */
  async initialize(clusterId: string): Promise<void> {
    const { ClusterCsr = '' } = (await this.cluster(clusterId)).Certificates;
    const path = (name: string) => join(this.#kms.folder, name);
    writeFileSync(path('cluster.csr'), ClusterCsr);
    const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
    openssl('genrsa', '-out', path('customerCA.key'), '2048');
    const subject = ['-subj', '/CN=customer CA'];
    openssl(
      'req',
      '-new',
      '-x509',
      '-days',
      '3652',
      ...subject,
      '-key',
      path('customerCA.key'),
      '-out',
      path('customerCA.crt'),
    );
    const authority = ['-CA', path('customerCA.crt'), '-CAkey', path('customerCA.key'), '-CAcreateserial'];
    openssl('x509', '-req', '-days', '3652', '-in', path('cluster.csr'), ...authority, '-out', path('cluster.crt'));
    const files = [
      '--signed-cert',
      `file://${path('cluster.crt')}`,
      '--trust-anchor',
      `file://${path('customerCA.crt')}`,
    ];
    await this.run('initialize-cluster', '--cluster-id', clusterId, ...files);
    await this.reaches(clusterId, 'INITIALIZED');
    expect((await this.cluster(clusterId)).Certificates).toEqual({
      ClusterCertificate: readFileSync(path('cluster.crt'), 'utf8'),
    });
  }
}
