import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ClusterConnection } from '../../src/cloudHsm/clusterConnection.ts';
import { Secret } from '../../src/secret.ts';
import { AwsCloudHsm, SUBNETS, type DescribedBackup, type DescribedCluster } from '../support/awsCloudHsm.ts';
import { isAlive } from '../support/isAlive.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { runCommand } from '../support/runningProxy.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT, MAIN } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ADMIN = { username: 'admin', role: 'admin', password: new Secret('adminPassword1') } as const;
const KMSUSER = { username: 'kmsuser', role: 'crypto-user', password: new Secret('kmsuserPassword1') } as const;

async function start(options: readonly string[] = [], previous?: RunningLocalKms) {
  const kms = await RunningLocalKms.startProcess(options, previous?.folder);
  return { kms, aws: new AwsCloudHsm(kms) };
}

async function connect(clusterId: string): Promise<ClusterConnection> {
  const connection = await ClusterConnection.open(clusterId, ENVIRONMENT);
  onTestFinished(() => {
    connection.close();
  });
  return connection;
}

async function activate(clusterId: string): Promise<ClusterConnection> {
  const connection = await connect(clusterId);
  await connection.activate(ADMIN.password);
  await connection.login(ADMIN);
  await connection.createUser(KMSUSER);
  await connection.logout();
  return connection;
}

/** The process of a cluster. */
async function pidOf(kms: RunningLocalKms, clusterId: string): Promise<number> {
  return Number((await kms.logged({ msg: 'a cluster runs', clusterId }))['pid']);
}

it('a cluster follows AWS’s whole guide, and is restored from a backup', async () => {
  const { kms, aws } = await start();
  expect(await aws.run('describe-clusters')).toEqual({ Clusters: [] });
  const ofCluster = ['--hsm-type', 'hsm2m.medium', '--subnet-ids', ...SUBNETS, '--tag-list', 'Key=team,Value=orders'];
  const created = await aws.run('create-cluster', ...ofCluster);
  const { ClusterId: id } = created['Cluster'] as DescribedCluster;
  await aws.reaches(id, 'UNINITIALIZED');
  expect(await aws.run('list-tags', '--resource-id', id)).toEqual({ TagList: [{ Key: 'team', Value: 'orders' }] });
  await aws.run('create-hsm', '--cluster-id', id, '--availability-zone', 'us-east-1a');
  await aws.hsmsAreActive(id);
  const { signedCert, trustAnchor } = await aws.sign(id);
  const files = ['--signed-cert', `file://${signedCert}`, '--trust-anchor', `file://${trustAnchor}`];
  await aws.run('initialize-cluster', '--cluster-id', id, ...files);
  await aws.reaches(id, 'INITIALIZED');
  expect((await aws.cluster(id)).Certificates).toEqual({ ClusterCertificate: readFileSync(signedCert, 'utf8') });
  expect(await aws.backups(id)).toEqual([]);
  const connection = await activate(id);
  await aws.reaches(id, 'ACTIVE');
  const backups = (clusterId: string, count: number) =>
    expect
      .poll(async () => (await aws.backups(clusterId)).map(({ BackupState }) => BackupState))
      .toEqual(Array.from({ length: count }, () => 'READY'));
  await backups(id, 1);

  await connection.login(KMSUSER);
  const key = await connection.generateKey('a key');
  const [plaintext, aad] = [Buffer.from('a plaintext'), Buffer.from('aad')];
  const sealed = await connection.encrypt(key, plaintext, aad);
  await aws.createHsm(id, 'us-east-1b');
  await backups(id, 2);
  await connection.deleteKey(key);
  const { Backups } = await aws.run('describe-backups', '--filters', `clusterIds=${id}`);
  const [newest] = Backups as readonly DescribedBackup[];

  for (const { HsmId } of (await aws.cluster(id)).Hsms)
    await aws.run('delete-hsm', '--cluster-id', id, '--hsm-id', HsmId);
  await expect.poll(async () => (await aws.cluster(id)).Hsms).toEqual([]);
  await connection.ended;
  await backups(id, 4);
  await aws.run('delete-cluster', '--cluster-id', id);
  await aws.reaches(id, 'DELETED');

  const second = await aws.createCluster({ SourceBackupId: newest?.BackupId });
  await aws.reaches(second, 'INITIALIZED');
  await aws.createHsm(second);
  await aws.reaches(second, 'ACTIVE');
  const restored = await connect(second);
  await restored.login(KMSUSER);
  expect((await restored.decrypt(key, sealed, aad)).toString()).toBe('a plaintext');

  const folder = join(kms.folder, 'kms.db.clusters');
  const modes = ['', ...readdirSync(folder)].map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8));
  expect(new Set(modes)).toEqual(new Set(['700']));
  expect(readdirSync(folder)).not.toContain(id);
  for (const { password } of [ADMIN, KMSUSER]) expect(kms.output).not.toContain(password.reveal());
});

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'clusters end with the local KMS, and run again after its restart: %s',
  async (signal) => {
    const first = await start();
    const id = await first.aws.createCluster();
    await first.aws.reaches(id, 'UNINITIALIZED');
    await first.aws.createHsm(id);
    await first.aws.initialize(id);
    const before = await activate(id);
    await first.aws.reaches(id, 'ACTIVE');
    await before.login(KMSUSER);
    const key = await before.generateKey('a key');
    const pid = await pidOf(first.kms, id);
    const inProgress = await first.aws.createCluster();
    first.kms.signal(signal);
    await first.kms.exitCode;
    await before.ended;
    await expect.poll(() => isAlive(pid)).toBe(false);

    const second = await start([], first.kms);
    await second.aws.reaches(inProgress, 'UNINITIALIZED');
    expect((await second.aws.cluster(id)).State).toBe('ACTIVE');
    const after = await connect(id);
    await after.login(KMSUSER);
    expect(await after.keyExists(key)).toBe(true);
  },
);

it('a cluster whose process is killed is unreachable, and then restarted', async () => {
  const { kms, aws } = await start();
  const id = await aws.createCluster();
  await aws.reaches(id, 'UNINITIALIZED');
  await aws.createHsm(id);
  await aws.initialize(id);
  const pid = await pidOf(kms, id);
  process.kill(pid, 'SIGKILL');
  await kms.logged({ msg: 'a cluster cannot be reached: its process has ended', clusterId: id });
  await expect(ClusterConnection.open(id, ENVIRONMENT)).rejects.toMatchObject({ reason: 'unreachable' });
  await expect.poll(() => pidOf(kms, id)).not.toBe(pid);
  expect((await (await connect(id)).listUsers())[0]).toMatchObject({ role: 'unactivated-admin' });
});

it('`kms cluster create` makes a cluster that is ready to use', async () => {
  const { kms, aws } = await start(['--state', ':memory:']);
  const folder = join(kms.folder, 'made');
  const create = () => runCommand(['kms', 'cluster', 'create', '--endpoint', kms.endpoint, '--folder', folder]);
  const { exitCode, stdout, stderr } = await create();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const { ClusterId, ...files } = JSON.parse(stdout) as Record<string, string> & { ClusterId: string };
  expect(files).toEqual({
    TrustAnchorCertificate: join(folder, 'customerCA.crt'),
    AdminPassword: join(folder, 'admin.password'),
    KmsuserPassword: join(folder, 'kmsuser.password'),
  });
  const modes = ['', ...readdirSync(folder)].map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8));
  expect(modes).toEqual(['700', '600', '600', '600']);
  const { State, Hsms } = await aws.cluster(ClusterId);
  expect([State, ...Hsms.map((hsm) => hsm.State)]).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
  const connection = await connect(ClusterId);
  const password = new Secret(readFileSync(join(folder, 'kmsuser.password'), 'utf8'));
  await connection.login({ ...KMSUSER, password });
  for (const said of [stdout, stderr, kms.output]) expect(said).not.toContain(password.reveal());

  // Before it makes another cluster, whose passwords nobody would have.
  const again = await create();
  expect(again).toMatchObject({ exitCode: 1, stdout: '' });
  expect(again.stderr).toBe(`The folder ${folder} cannot be created (EEXIST). Name a new one with --folder.\n`);

  const { socketPath = '' } = (await kms.logged({ msg: 'a cluster runs', clusterId: ClusterId })) as {
    socketPath?: string;
  };
  kms.signal('SIGTERM');
  expect(await kms.exitCode).toBe(0);
  expect(existsSync(socketPath)).toBe(false);
});

it('`kms cluster create` names its folder after the cluster, and makes no cluster if it cannot make the folder', async () => {
  const { kms, aws } = await start(['--state', ':memory:']);
  const create = (cwd: string) =>
    runProgram([process.execPath, MAIN, 'kms', 'cluster', 'create', '--endpoint', kms.endpoint], { cwd });
  // Nobody can make a folder there, not even root.
  const refused = await create('/proc');
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^A folder in \/proc cannot be created \(E\w+\)\. Name a new one with --folder\.\n$/);
  expect(await aws.run('describe-clusters')).toEqual({ Clusters: [] });
  const { exitCode, stdout } = await create(kms.folder);
  expect(exitCode).toBe(0);
  const { ClusterId, AdminPassword } = JSON.parse(stdout) as { ClusterId: string; AdminPassword: string };
  expect(AdminPassword).toBe(join(kms.folder, ClusterId, 'admin.password'));
  expect(readdirSync(join(kms.folder, ClusterId))).toHaveLength(3);
  expect(readdirSync(kms.folder).filter((name) => name.startsWith('cluster'))).toEqual([ClusterId]);
});

it('`kms cluster create` reports that no local KMS runs, and why it refuses arguments', async () => {
  const folder = join(temporaryFolder(), 'made');
  const create = (endpoint: string, ...args: string[]) =>
    runCommand(['kms', 'cluster', 'create', '--endpoint', endpoint, '--folder', folder, ...args]);
  expect(await create('127.0.0.1:1')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('Give a URL, such as http://127.0.0.1:4599.') as string,
  });
  const nobody = await create('http://127.0.0.1:1');
  expect(nobody).toMatchObject({ exitCode: 1, stdout: '' });
  expect(nobody.stderr).toBe(
    'http://127.0.0.1:1 does not answer. Start the local KMS with "xks-proxy kms serve", or give the URL of a running one with --endpoint.\n',
  );
  const { kms } = await start();
  const refused = await create(kms.endpoint, '--subnet-id', 'subnet-00000000');
  expect(refused.exitCode).toBe(1);
  // A failed command leaves no folder, so that it can be run again.
  expect(existsSync(folder)).toBe(false);
  expect(refused.stderr).toContain(`The configuration of the local KMS has: ${SUBNETS.join(', ')}.`);
});
