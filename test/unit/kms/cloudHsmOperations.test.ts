import { beforeEach, describe, expect, it } from 'vitest';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { CLOUD_HSM_OPERATIONS } from '../../../src/kms/operations/cloudHsm/operations.ts';
import type { Backup, Cluster, Hsm } from '../../../src/kms/state/clusterRecords.ts';
import { BACKUP } from '../../support/clusterRecords.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const ZONES = ['us-east-1a', 'us-east-1b'];
const SUBNETS = ['subnet-00000001', 'subnet-00000002'];

let kms: LocalKmsUnderTest;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  kms.subnets = SUBNETS.map((subnetId, index) => ({
    subnetId,
    vpcId: 'vpc-00000001',
    availabilityZone: ZONES[index] ?? '',
    cidrBlock: `10.0.${index}.0/24`,
    availableIpAddressCount: 251,
  }));
});

async function call(name: string, input: object = {}): Promise<Record<string, unknown>> {
  const operation = CLOUD_HSM_OPERATIONS[name];
  if (!operation) throw new Error(`There is no operation ${name}`);
  return JSON.parse(JSON.stringify(await kms.call(operation, input))) as Record<string, unknown>;
}

/** The name and the message of the exception that the call fails with. */
async function refusal(name: string, input: object): Promise<string> {
  const error: unknown = await call(name, input).catch((failure: unknown) => failure);
  if (error instanceof KmsError) return `${error.errorName}: ${error.message}`;
  throw new Error('The call was not refused', { cause: error });
}

let count = 0;
function number(): string {
  return String(count++)
    .padStart(11, '2')
    .replaceAll(/[0189]/g, (digit) => 'abcd'.charAt('0189'.indexOf(digit)));
}

function addCluster(changes: Partial<Cluster> = {}): Cluster {
  const clusterId = `cluster-${number()}`;
  const cluster: Cluster = {
    clusterId,
    createTimestamp: (kms.now += 1000),
    state: 'ACTIVE',
    hsmType: 'hsm2m.medium',
    mode: 'FIPS',
    vpcId: 'vpc-00000001',
    securityGroup: 'sg-00000000000000001',
    subnetMapping: { 'us-east-1a': 'subnet-00000001' },
    sourceBackupId: undefined,
    backupHistory: clusterId,
    retentionDays: 90,
    csr: undefined,
    certificate: 'a certificate',
    trustAnchor: 'its issuer',
    tags: [],
    ...changes,
  };
  kms.state.clusters.put(cluster);
  return cluster;
}

function addHsm(clusterId: string, changes: Partial<Hsm> = {}): Hsm {
  const hsm: Hsm = {
    hsmId: `hsm-${number()}`,
    clusterId,
    createTimestamp: kms.now,
    state: 'ACTIVE',
    availabilityZone: 'us-east-1a',
    subnetId: 'subnet-00000001',
    eniId: `eni-${count.toString(16).padStart(17, '0')}`,
    eniIp: `10.0.0.${100 + (count % 100)}`,
    ...changes,
  };
  kms.state.hsms.put(hsm);
  return hsm;
}

function addBackup(clusterId: string, changes: Partial<Backup> = {}): Backup {
  const backup: Backup = {
    ...BACKUP,
    backupId: `backup-${number()}`,
    clusterId,
    createTimestamp: (kms.now += 1000),
    ...changes,
  };
  kms.state.backups.put(backup);
  return backup;
}

describe('CreateCluster', () => {
  const input = { HsmType: 'hsm2m.medium', SubnetIds: SUBNETS };

  it('makes a cluster with a request for its certificate', async () => {
    const { Cluster } = await call('CreateCluster', { ...input, TagList: [{ Key: 'a', Value: 'b' }] });
    expect(Cluster).toEqual({
      BackupPolicy: 'DEFAULT',
      BackupRetentionPolicy: { Type: 'DAYS', Value: '90' },
      ClusterId: expect.stringMatching(/^cluster-[a-z2-7]{11}$/) as string,
      CreateTimestamp: '2026-01-01T00:00:00.000Z',
      Hsms: [],
      HsmType: 'hsm2m.medium',
      SecurityGroup: expect.stringMatching(/^sg-[0-9a-f]{17}$/) as string,
      State: 'CREATE_IN_PROGRESS',
      SubnetMapping: { 'us-east-1a': SUBNETS[0], 'us-east-1b': SUBNETS[1] },
      VpcId: 'vpc-00000001',
      NetworkType: 'IPV4',
      Certificates: {},
      TagList: [{ Key: 'a', Value: 'b' }],
      Mode: 'FIPS',
    });
    const [cluster] = kms.state.clusters.list();
    expect(cluster?.csr).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
    expect(cluster?.backupHistory).toBe(cluster?.clusterId);
    if (cluster) kms.state.clusters.put({ ...cluster, state: 'UNINITIALIZED' });
    const { Clusters } = await call('DescribeClusters');
    expect(Clusters).toMatchObject([{ State: 'UNINITIALIZED', Certificates: { ClusterCsr: cluster?.csr } }]);
  });

  it('makes a cluster from a backup, with its certificates and its history', async () => {
    const source = addCluster({ backupHistory: 'cluster-22222222222', state: 'DELETED' });
    const { backupId } = addBackup(source.clusterId);
    for (const SourceBackupId of [backupId, `arn:aws:cloudhsm:us-east-1:111122223333:backup/${backupId}`]) {
      const { Cluster } = await call('CreateCluster', { ...input, SourceBackupId });
      expect(Cluster).toMatchObject({
        SourceBackupId: backupId,
        Certificates: { ClusterCertificate: 'a certificate' },
      });
      const { ClusterId } = Cluster as { ClusterId: string };
      expect(kms.state.clusters.find(ClusterId)).toMatchObject({
        backupHistory: 'cluster-22222222222',
        trustAnchor: 'its issuer',
        csr: undefined,
      });
    }
  });

  it('reports why it fails', async () => {
    const { clusterId } = addCluster();
    const pending = addBackup(clusterId, { state: 'PENDING_DELETION' });
    const nonFips = addBackup(clusterId, { mode: 'NON_FIPS' });
    const backup = addBackup(clusterId);
    kms.subnets = [
      ...kms.subnets,
      { ...SUBNET_OF_ANOTHER_VPC, subnetId: 'subnet-00000003', vpcId: 'vpc-00000002' },
      { ...SUBNET_OF_ANOTHER_VPC, subnetId: 'subnet-00000004', availabilityZone: 'us-east-1a', vpcId: 'vpc-00000001' },
    ];
    const elsewhere = `arn:aws:cloudhsm:us-east-1:999988887777:backup/${backup.backupId}`;
    const cases: [changes: object, said: RegExp][] = [
      [{ SubnetIds: [] }, /^CloudHsmInvalidRequestException: .*'subnetIds' .* length greater than or equal to 1$/],
      [
        { SubnetIds: ['subnet-x'] },
        /^CloudHsmInvalidRequestException: .*'subnet-x' at 'subnetIds\.1\.member'.*pattern/,
      ],
      [
        { SubnetIds: ['subnet-99999999'] },
        /^CloudHsmInvalidRequestException: The subnet subnet-99999999 does not exist.*subnet-00000001/,
      ],
      [{ SubnetIds: ['subnet-00000001', 'subnet-00000003'] }, /same virtual private cloud/],
      [{ SubnetIds: ['subnet-00000001', 'subnet-00000004'] }, /only one subnet per Availability Zone/],
      [{ HsmType: 'hsm3.large' }, /^CloudHsmInvalidRequestException: .*'hsmType'.*\[hsm1\.medium, hsm2m\.medium\]/],
      [{ HsmType: 'hsm1.medium', Mode: 'NON_FIPS' }, /use hsm2m\.medium for NON_FIPS/],
      [{ NetworkType: 'DUALSTACK' }, /no IPv6 addresses/],
      [
        { BackupRetentionPolicy: { Type: 'DAYS', Value: '6' } },
        /'backupRetentionPolicy\.value'.*greater than or equal to 7/,
      ],
      [{ TagList: [{ Key: 'aws:x', Value: '' }] }, /^CloudHsmTagException: Tags beginning with aws:/],
      [{ TagList: [1, 2].map(() => ({ Key: 'x', Value: '' })) }, /^CloudHsmTagException: Two tags/],
      [{ SourceBackupId: 'backup-9g87f6edcba' }, /^CloudHsmInvalidRequestException: .*'sourceBackupId'.*pattern/],
      [{ SourceBackupId: 'backup-22222222222' }, /^CloudHsmResourceNotFoundException: Backup backup-22222222222/],
      [{ SourceBackupId: elsewhere }, /^CloudHsmResourceNotFoundException: .*the account 111122223333/],
      [{ SourceBackupId: pending.backupId }, /^CloudHsmInvalidRequestException: .*PENDING_DELETION.*must be READY/],
      [{ SourceBackupId: nonFips.backupId }, /Mode must be that of the backup, NON_FIPS/],
      [{ SourceBackupId: backup.backupId, HsmType: 'hsm1.medium' }, /cannot be restored to hsm1/],
    ];
    for (const [changes, said] of cases) expect(await refusal('CreateCluster', { ...input, ...changes })).toMatch(said);
    expect(kms.state.clusters.list()).toHaveLength(1);
  });
});

const SUBNET_OF_ANOTHER_VPC = {
  availabilityZone: 'us-east-1c',
  cidrBlock: '10.0.9.0/24',
  availableIpAddressCount: 251,
};

describe('CreateHsm', () => {
  it('takes an address of the subnet of the zone', async () => {
    const { clusterId } = addCluster();
    const input = { ClusterId: clusterId, AvailabilityZone: 'us-east-1a' };
    const first = (await call('CreateHsm', input))['Hsm'];
    expect(first).toEqual({
      AvailabilityZone: 'us-east-1a',
      ClusterId: clusterId,
      SubnetId: 'subnet-00000001',
      EniId: expect.stringMatching(/^eni-[0-9a-f]{17}$/) as string,
      EniIp: '10.0.0.4',
      HsmId: expect.stringMatching(/^hsm-[a-z2-7]{11}$/) as string,
      State: 'CREATE_IN_PROGRESS',
    });
    expect((await call('CreateHsm', { ...input, IpAddress: '10.0.0.6' }))['Hsm']).toMatchObject({ EniIp: '10.0.0.6' });
    expect((await call('CreateHsm', input))['Hsm']).toMatchObject({ EniIp: '10.0.0.5' });
    expect((await call('CreateHsm', input))['Hsm']).toMatchObject({ EniIp: '10.0.0.7' });
  });

  it('reports why it fails', async () => {
    const { clusterId } = addCluster();
    addHsm(clusterId, { eniIp: '10.0.0.4' });
    const input = { ClusterId: clusterId, AvailabilityZone: 'us-east-1a' };
    const inProgress = addCluster({ state: 'CREATE_IN_PROGRESS' });
    const cases: [changes: object, said: RegExp][] = [
      [
        { ClusterId: 'cluster-1a23b4cdefg' },
        /^CloudHsmInvalidRequestException: .*'clusterId'.*pattern: \^cluster-\[2-7a-zA-Z\]\{11,16\}\$/,
      ],
      [
        { ClusterId: 'cluster-zzzzzzzzzzz' },
        /^CloudHsmResourceNotFoundException: Cluster cluster-zzzzzzzzzzz does not exist/,
      ],
      [{ ClusterId: inProgress.clusterId }, /^CloudHsmInvalidRequestException: .*CREATE_IN_PROGRESS/],
      [{ AvailabilityZone: 'us-east-1b' }, /no subnet in us-east-1b\. Its Availability Zones are us-east-1a/],
      [{ AvailabilityZone: 'x' }, /'availabilityZone'.*pattern/],
      [{ AvailabilityZone: undefined }, /'availabilityZone'.*not be null/],
      [{ IpAddress: '10.0.0.4' }, /The address 10\.0\.0\.4 is taken/],
      [{ IpAddress: '10.0.1.4' }, /10\.0\.1\.4 is not an address for HSMs/],
      [{ IpAddress: '10.0.0.999' }, /'ipAddress'/],
    ];
    for (const [changes, said] of cases) expect(await refusal('CreateHsm', { ...input, ...changes })).toMatch(said);
    kms.subnets = kms.subnets.map((subnet) => ({ ...subnet, availableIpAddressCount: 1 }));
    expect(await refusal('CreateHsm', input)).toMatch(/subnet-00000001 has no free IP address/);
    kms.subnets = [];
    expect(await refusal('CreateHsm', input)).toMatch(/The subnet subnet-00000001 of cluster .* was deleted/);
  });
});

describe('DeleteHsm', () => {
  it.each(['HsmId', 'EniId', 'EniIp'] as const)('finds the HSM by its %s', async (member) => {
    const { clusterId } = addCluster();
    const { hsmId, eniId, eniIp } = addHsm(clusterId);
    addHsm(clusterId);
    const id = { HsmId: hsmId, EniId: eniId, EniIp: eniIp }[member];
    expect(await call('DeleteHsm', { ClusterId: clusterId, [member]: id })).toEqual({ HsmId: hsmId });
    expect(kms.state.hsms.find(hsmId)?.state).toBe('DELETE_IN_PROGRESS');
    expect(await refusal('DeleteHsm', { ClusterId: clusterId, [member]: id })).toMatch(/already being deleted/);
  });

  it('reports why it fails', async () => {
    const { clusterId } = addCluster();
    const other = addHsm(addCluster().clusterId);
    expect(await refusal('DeleteHsm', { ClusterId: clusterId })).toMatch(/Specify HsmId, EniId or EniIp/);
    expect(await refusal('DeleteHsm', { ClusterId: clusterId, HsmId: other.hsmId })).toMatch(
      /^CloudHsmResourceNotFoundException: .* has no such HSM/,
    );
  });
});

it('DeleteCluster is refused while there are HSMs', async () => {
  const { clusterId } = addCluster();
  const { hsmId } = addHsm(clusterId);
  expect(await refusal('DeleteCluster', { ClusterId: clusterId })).toMatch(
    new RegExp(`^CloudHsmInvalidRequestException: .* has HSMs\\. Delete them first, with DeleteHsm: ${hsmId}`),
  );
  kms.state.hsms.delete(hsmId);
  expect((await call('DeleteCluster', { ClusterId: clusterId }))['Cluster']).toMatchObject({
    State: 'DELETE_IN_PROGRESS',
  });
  expect(await refusal('DeleteCluster', { ClusterId: clusterId })).toMatch(/whose state is DELETE_IN_PROGRESS/);
});

describe('DescribeClusters', () => {
  it('returns none at first', async () => {
    expect(await call('DescribeClusters')).toEqual({ Clusters: [] });
  });

  it('filters, in pages, in the order of creation', async () => {
    const ids = ['ACTIVE', 'DELETED', 'ACTIVE', 'ACTIVE'].map(
      (state) => addCluster({ state: state as Cluster['state'] }).clusterId,
    );
    const seen: unknown[] = [];
    let NextToken: unknown;
    do {
      const page = await call('DescribeClusters', { Filters: { states: ['ACTIVE'] }, MaxResults: 2, NextToken });
      seen.push((page['Clusters'] as { ClusterId: string }[]).map(({ ClusterId }) => ClusterId));
      NextToken = page['NextToken'];
    } while (NextToken !== undefined);
    expect(seen).toEqual([[ids[0], ids[2]], [ids[3]]]);
    const both = { clusterIds: [ids[0], ids[1]], states: ['DELETED'], vpcIds: ['vpc-00000001'] };
    expect((await call('DescribeClusters', { Filters: both }))['Clusters']).toMatchObject([{ ClusterId: ids[1] }]);
    expect(await call('DescribeClusters', { Filters: { vpcIds: ['vpc-99999999'] } })).toEqual({ Clusters: [] });
  });

  it('says that a failed attempt is repeated, so that clients wait for the result', async () => {
    addCluster({ state: 'INITIALIZE_IN_PROGRESS' });
    kms.clusters = { ...kms.clusters, problemOf: () => 'its process has ended (SIGKILL).' };
    const { Clusters } = await call('DescribeClusters');
    const StateMessage = 'The last attempt failed, and is repeated: its process has ended (SIGKILL).';
    expect(Clusters).toMatchObject([{ StateMessage }]);
  });

  it('refuses unknown filters, ids that break a pattern, and tokens of others', async () => {
    const filtered = (Filters: object) => refusal('DescribeClusters', { Filters });
    expect(await filtered({ backupIds: [] })).toBe(
      'CloudHsmInvalidRequestException: There is no filter backupIds. The filters are clusterIds, vpcIds, states.',
    );
    expect(await filtered({ clusterIds: ['cluster-1a23b4cdefg'] })).toMatch(
      /'cluster-1a23b4cdefg' at 'filters\.clusterIds\.1\.member'.*pattern: \^cluster-\[2-7a-zA-Z\]\{11,16\}\$/,
    );
    expect(await filtered({ states: ['READY'] })).toMatch(/enum value set: \[CREATE_IN_PROGRESS, /);
    expect(await filtered({ toString: ['x'] })).toMatch(/There is no filter toString/);
    expect(await refusal('DescribeClusters', { NextToken: 'x' })).toMatch(/NextToken is not valid/);
    expect(await refusal('DescribeClusters', { MaxResults: 26 })).toMatch(/'maxResults'.*less than or equal to 25/);
  });
});

describe('backups', () => {
  it('are described newest first, or oldest first, with filters and pages', async () => {
    const [one, other] = [addCluster(), addCluster()];
    const ids = [one, other, one].map(({ clusterId }) => addBackup(clusterId).backupId);
    const idsOf = ({ Backups }: Record<string, unknown>) =>
      (Backups as { BackupId: string }[]).map(({ BackupId }) => BackupId);
    expect(idsOf(await call('DescribeBackups'))).toEqual(ids.toReversed());
    expect(idsOf(await call('DescribeBackups', { SortAscending: true }))).toEqual(ids);
    const Filters = { clusterIds: [one.clusterId] };
    const first = await call('DescribeBackups', { Filters, MaxResults: 1 });
    expect(idsOf(first)).toEqual([ids[2]]);
    const second = await call('DescribeBackups', { Filters, MaxResults: 1, NextToken: first['NextToken'] });
    expect(idsOf(second)).toEqual([ids[0]]);
    expect(second).not.toHaveProperty('NextToken');
    expect(idsOf(await call('DescribeBackups', { Filters: { sourceBackupIds: [ids[0]] } }))).toEqual([]);
    expect(await call('DescribeBackups', { Shared: true })).toEqual({ Backups: [] });
    expect(await refusal('DescribeBackups', { Filters: { backupIds: ['backup-9g87f6edcba'] } })).toMatch(/pattern/);
  });

  it('wait seven days for their deletion, and can be restored meanwhile', async () => {
    const { backupId } = addBackup(addCluster().clusterId);
    const BackupId = backupId;
    const { Backup } = await call('DeleteBackup', { BackupId });
    expect(Backup).toMatchObject({
      BackupArn: `arn:aws:cloudhsm:us-east-1:111122223333:backup/${backupId}`,
      BackupState: 'PENDING_DELETION',
      DeleteTimestamp: new Date(kms.now + 7 * 86_400_000).toISOString(),
    });
    expect(await refusal('DeleteBackup', { BackupId })).toMatch(/whose state is PENDING_DELETION/);
    expect(await refusal('ModifyBackupAttributes', { BackupId, NeverExpires: true })).toMatch(/must be READY/);
    const restored = (await call('RestoreBackup', { BackupId }))['Backup'];
    expect(restored).toMatchObject({ BackupState: 'READY' });
    expect(restored).not.toHaveProperty('DeleteTimestamp');
    expect(await refusal('RestoreBackup', { BackupId })).toMatch(/must be PENDING_DELETION/);
    const { Backup: modified } = await call('ModifyBackupAttributes', { BackupId, NeverExpires: true });
    expect(modified).toMatchObject({ NeverExpires: true });
    const kept = await call('DescribeBackups', { Filters: { neverExpires: ['true'] } });
    expect(kept['Backups']).toMatchObject([{ BackupId }]);
  });
});

describe('ModifyCluster', () => {
  it('changes the retention period at once, and the HSM type after a while', async () => {
    const { clusterId: ClusterId } = addCluster({ hsmType: 'hsm1.medium' });
    const policy = { Type: 'DAYS', Value: '379' };
    const { Cluster } = await call('ModifyCluster', { ClusterId, BackupRetentionPolicy: policy });
    expect(Cluster).toMatchObject({ State: 'ACTIVE', BackupRetentionPolicy: policy });
    expect((await call('ModifyCluster', { ClusterId, HsmType: 'hsm2m.medium' }))['Cluster']).toMatchObject({
      State: 'MODIFY_IN_PROGRESS',
      HsmType: 'hsm2m.medium',
    });
  });

  it('reports why it fails', async () => {
    const { clusterId: ClusterId } = addCluster();
    expect(await refusal('ModifyCluster', { ClusterId })).toMatch(/Specify BackupRetentionPolicy or HsmType/);
    expect(await refusal('ModifyCluster', { ClusterId, HsmType: 'hsm1.medium' })).toMatch(
      /cannot change from hsm2m.medium back/,
    );
  });
});

it('InitializeCluster needs an UNINITIALIZED cluster', async () => {
  const { clusterId: ClusterId } = addCluster();
  const input = { ClusterId, SignedCert: 'x', TrustAnchor: 'x' };
  expect(await refusal('InitializeCluster', input)).toMatch(/whose state is ACTIVE\. The state must be UNINITIALIZED/);
  expect(await refusal('InitializeCluster', { ...input, SignedCert: 'a'.repeat(5001) })).toMatch(/'signedCert'.*5000/);
});

describe('tags', () => {
  it('of clusters and backups are added, replaced, listed in pages and removed', async () => {
    const { clusterId } = addCluster();
    const { backupId } = addBackup(clusterId);
    for (const ResourceId of [clusterId, backupId]) {
      await call('TagResource', { ResourceId, TagList: [1, 2, 3].map((n) => ({ Key: `k${n}`, Value: 'old' })) });
      await call('TagResource', { ResourceId, TagList: [{ Key: 'k2', Value: 'new' }] });
      await call('UntagResource', { ResourceId, TagKeyList: ['k1', 'none'] });
      const first = await call('ListTags', { ResourceId, MaxResults: 1 });
      expect(first['TagList']).toEqual([{ Key: 'k2', Value: 'new' }]);
      const second = await call('ListTags', { ResourceId, NextToken: first['NextToken'] });
      expect(second).toEqual({ TagList: [{ Key: 'k3', Value: 'old' }] });
    }
    const { Clusters } = await call('DescribeClusters');
    expect(Clusters).toMatchObject([{ TagList: [{ Key: 'k2' }, { Key: 'k3' }] }]);
  });

  it('reports why they fail', async () => {
    const { clusterId: ResourceId } = addCluster();
    const tags = (from: number) => Array.from({ length: 50 }, (_, n) => ({ Key: `k${from + n}`, Value: '' }));
    await call('TagResource', { ResourceId, TagList: tags(0) });
    expect(await refusal('TagResource', { ResourceId, TagList: tags(1) })).toMatch(
      /^CloudHsmResourceLimitExceededException: A resource has at most 50 tags/,
    );
    expect(await refusal('TagResource', { ResourceId, TagList: [{ Key: 'a!', Value: '' }] })).toMatch(/pattern/);
    expect(await refusal('ListTags', { ResourceId: 'backup-22222222222' })).toMatch(/^CloudHsmResourceNotFound/);
    expect(await refusal('ListTags', { ResourceId: 'hsm-22222222222' })).toMatch(/'resourceId'.*pattern/);
  });
});
