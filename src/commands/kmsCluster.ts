import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { ClusterConnection } from '../cloudHsm/clusterConnection.ts';
import { ClusterFailure } from '../cloudHsm/clusterFailure.ts';
import { CloudHsmCallFailure, CloudHsmClient } from '../kms/clusters/cloudHsmClient.ts';
import { makeReadyCluster } from '../kms/clusters/makeReadyCluster.ts';
import { DEFAULT_SUBNET_IDS } from '../kms/readConfig.ts';
import { Secret } from '../secret.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { parseEndpoint } from './kmsOptions.ts';

interface CreateOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly folder?: string;
  readonly subnetId?: readonly string[];
}

/** `xks-proxy kms cluster`: clusters of a running local KMS. */
export function kmsClusterCommand(cli: Cli): Command {
  return new Command('cluster').description('CloudHSM clusters of a local KMS').addCommand(createCommand(cli));
}

function createCommand(cli: Cli): Command {
  return new Command('create')
    .description('makes a cluster that is ready for a key store: two HSMs, initialized, activated, with kmsuser')
    .option('--endpoint <url>', 'where the local KMS listens, on this machine', parseEndpoint, 'http://127.0.0.1:4599')
    .option('--region <region>', 'Region of the local KMS', 'us-east-1')
    .option('--subnet-id <id>', 'subnet with an HSM; may be repeated', addId)
    .option('--folder <folder>', 'new folder for the certificate and the passwords; the id of the cluster by default')
    .action(async (options: CreateOptions) => {
      try {
        await create(cli, options);
      } catch (error) {
        const isForeseen = error instanceof CloudHsmCallFailure || error instanceof ClusterFailure;
        throw isForeseen ? new CommandFailure(error.message) : error;
      }
    });
}

async function create(cli: Cli, options: CreateOptions): Promise<void> {
  const { endpoint, region, subnetId = DEFAULT_SUBNET_IDS } = options;
  // Made before the cluster, because a cluster whose passwords cannot be written would be of no use.
  const made = makeFolder(options.folder);
  let written: Passwords | undefined;
  const { clusterId, trustAnchor } = await makeReadyCluster({
    client: new CloudHsmClient({ endpoint, region }),
    subnetIds: subnetId,
    activate: async (id) => {
      // Written before the cluster has the passwords, so that none is lost.
      written = writePasswords(options.folder === undefined ? renameFolder(made, id) : made);
      await activate(cli, id, written);
    },
    progress: cli.err,
    stop: cli.stop,
  }).catch((error: unknown) => {
    // So that the same command can be run again.
    if (written === undefined) rmdirSync(made);
    throw error;
  });
  const { folder = '' } = written ?? {};
  const certificateFile = writeSecret(folder, 'customerCA.crt', trustAnchor);
  const created = {
    ClusterId: clusterId,
    TrustAnchorCertificate: certificateFile,
    AdminPassword: written?.admin.file,
    KmsuserPassword: written?.kmsuser.file,
  };
  cli.out(JSON.stringify(created, undefined, 2));
}

interface WrittenPassword {
  readonly file: string;
  readonly password: Secret;
}

interface Passwords {
  readonly folder: string;
  readonly admin: WrittenPassword;
  readonly kmsuser: WrittenPassword;
}

async function activate({ env }: Cli, clusterId: string, { admin, kmsuser }: Passwords): Promise<void> {
  const connection = await ClusterConnection.open(clusterId, env);
  try {
    await connection.activate(admin.password);
    await connection.login({ username: 'admin', role: 'admin', password: admin.password });
    await connection.createUser({ username: 'kmsuser', role: 'crypto-user', password: kmsuser.password });
  } finally {
    connection.close();
  }
}

function writePasswords(folder: string): Passwords {
  const write = (name: string): WrittenPassword => {
    const password = newPassword();
    return { password, file: writeSecret(folder, `${name}.password`, password.reveal()) };
  };
  return { folder, admin: write('admin'), kmsuser: write('kmsuser') };
}

/**
 * Makes a new folder, readable by this user only, with a temporary name if none is chosen. An existing folder might be open to
 * others.
 */
function makeFolder(chosen: string | undefined): string {
  const folder = resolve(chosen ?? 'cluster-new-');
  try {
    if (chosen === undefined) return mkdtempSync(folder);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const what = chosen === undefined ? `A folder in ${process.cwd()}` : `The folder ${folder}`;
    throw new CommandFailure(`${what} cannot be created (${code}). Name a new one with --folder.`);
  }
}

/** Gives a folder another name beside it. Returns its new path. */
function renameFolder(folder: string, name: string): string {
  const renamed = join(dirname(folder), name);
  renameSync(folder, renamed);
  return renamed;
}

function writeSecret(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Makes a password of letters and digits, which CloudHSM, KMS and every shell accept. */
function newPassword(): Secret {
  return new Secret(randomBytes(14).toString('hex'));
}

function addId(id: string, ids: readonly string[] = []): readonly string[] {
  return [...ids, id];
}
