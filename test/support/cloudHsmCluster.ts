import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ClusterConnection, type Credentials } from '../../src/cloudHsm/clusterConnection.ts';
import { startCluster, type ClusterOptions, type RunningCluster } from '../../src/cloudHsm/startCluster.ts';
import { Secret } from '../../src/secret.ts';
import { ENVIRONMENT, MAIN } from './startTestProgram.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export const ADMIN: Credentials = { username: 'admin', role: 'admin', password: new Secret('adminPassword1') };
export const KMSUSER: Credentials = { username: 'kmsuser', role: 'crypto-user', password: new Secret('kmsPassword1') };

/** The same user with another password. */
export function withPassword(user: Credentials, password: string): Credentials {
  return { ...user, password: new Secret(password) };
}

/** A cluster whose process a test may start repeatedly, until the test is finished. */
export class ClusterUnderTest {
  readonly clusterId: string;
  /** The parent of the cluster's folder and of the sockets' folder. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Event texts of the process. */
  readonly log: { readonly message: string; readonly fields: object }[] = [];
  activations = 0;

  /** Makes a cluster, in another cluster's folder with the same sockets if one is given. */
  constructor(folder = temporaryFolder(), clusterId = newClusterId()) {
    this.folder = folder;
    this.clusterId = clusterId;
    this.env = { ...ENVIRONMENT, XDG_RUNTIME_DIR: folder };
  }

  get clusterFolder(): string {
    return join(this.folder, this.clusterId);
  }

  async start(options: Partial<ClusterOptions> = {}): Promise<RunningCluster> {
    const running = await startCluster({
      clusterId: this.clusterId,
      folder: this.clusterFolder,
      program: [process.execPath, MAIN],
      env: this.env,
      log: {
        info: (fields, message) => {
          this.log.push({ message, fields });
        },
      },
      onActivated: () => {
        this.activations += 1;
      },
      ...options,
    });
    onTestFinished(() => running.stop());
    return running;
  }

  async connect(user?: Credentials): Promise<ClusterConnection> {
    const connection = await ClusterConnection.open(this.clusterId, this.env);
    onTestFinished(() => {
      connection.close();
    });
    if (user) await connection.login(user);
    return connection;
  }

  /** Activates the cluster with the passwords of ADMIN and KMSUSER. */
  async startActivated(options: Partial<ClusterOptions> = {}): Promise<RunningCluster> {
    const running = await this.start(options);
    const admin = await this.connect();
    await admin.activate(ADMIN.password);
    await admin.login(ADMIN);
    await admin.createUser(KMSUSER);
    admin.close();
    await admin.ended;
    return running;
  }
}

export function newClusterId(): string {
  const letters = Array.from({ length: 11 }, () => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(randomInt(32)));
  return `cluster-${letters.join('')}`;
}
