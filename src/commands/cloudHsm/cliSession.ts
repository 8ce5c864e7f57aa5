import { ClusterConnection, type Credentials } from '../../cloudHsm/clusterConnection.ts';
import type { Role } from '../../cloudHsm/clusterCalls.ts';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import { runningClusters } from '../../cloudHsm/runningClusters.ts';
import { Secret } from '../../secret.ts';
import type { Cli } from '../cli.ts';
import { Prompter } from './prompter.ts';

export interface CliSessionOptions extends Pick<Cli, 'env' | 'prompts' | 'stop'> {
  /** Source of a command's login: CLOUDHSM_ROLE and CLOUDHSM_PIN, or an earlier `login`. */
  readonly logsIn: 'from the environment' | 'by command';
}

const ROLES: readonly string[] = ['admin', 'crypto-user'] satisfies Role[];

/** State that the commands of one run of the CLI share: connections with their logins, and the terminal. */
export class CliSession {
  readonly #options: CliSessionOptions;
  readonly #connections = new Map<string, Promise<ClusterConnection>>();
  #prompter: Prompter | undefined;
  /** The cluster for commands that name none. */
  #clusterId: string | undefined;

  constructor(options: CliSessionOptions) {
    this.#options = options;
  }

  get prompter(): Prompter {
    this.#prompter ??= new Prompter(this.#options);
    return this.#prompter;
  }

  /** Sets the cluster for commands that name none. If left out, it is the only one that runs. Rejects with ClusterFailure. */
  async choose(clusterId?: string): Promise<void> {
    this.#clusterId = clusterId ?? (await this.#onlyCluster());
  }

  /** Connects to a cluster. Rejects with ClusterFailure. */
  async connect(clusterId = this.#clusterId): Promise<ClusterConnection> {
    const id = clusterId ?? (await this.#onlyCluster());
    const known = this.#connections.get(id);
    if (known) return known;
    const opening = ClusterConnection.open(id, this.#options.env);
    this.#connections.set(id, opening);
    const forget = () => this.#connections.delete(id);
    opening.then(({ ended }) => ended).then(forget, forget);
    return opening;
  }

  /** Connects for a command that needs a login. Rejects with ClusterFailure. */
  async connectLoggedIn(clusterId?: string): Promise<ClusterConnection> {
    const connection = await this.connect(clusterId);
    if (this.#options.logsIn === 'from the environment') await connection.login(readCredentials(this.#options.env));
    return connection;
  }

  /** Prompts for a password. Rejects with ClusterFailure if there is no answer. */
  async password(prompt = 'Enter password:'): Promise<Secret> {
    const password = await this.prompter.password(prompt);
    if (password) return password;
    throw new ClusterFailure('refused', 'No password was entered.');
  }

  /** Prompts for a new password, twice. Rejects with ClusterFailure if the answers differ. */
  async newPassword(): Promise<Secret> {
    const password = await this.password();
    const confirmation = await this.password('Confirm password:');
    if (confirmation.reveal() === password.reveal()) return password;
    throw new ClusterFailure('refused', 'The passwords are not the same.');
  }

  async close(): Promise<void> {
    this.#prompter?.close();
    const opened = await Promise.allSettled(this.#connections.values());
    for (const connection of opened) if (connection.status === 'fulfilled') connection.value.close();
  }

  async #onlyCluster(): Promise<string> {
    const ids = await runningClusters(this.#options.env);
    const [id, ...others] = ids;
    if (id === undefined) {
      throw new ClusterFailure(
        'unreachable',
        'No cluster runs. Start the local KMS with "xks-proxy kms serve", and make a cluster with "xks-proxy kms cluster create".',
      );
    }
    if (others.length === 0) return id;
    throw new ClusterFailure(
      'refused',
      `Several clusters run: choose one with --cluster-id. They are ${ids.join(', ')}.`,
    );
  }
}

function readCredentials({ CLOUDHSM_ROLE: role = '', CLOUDHSM_PIN: pin = '' }: Cli['env']): Credentials {
  const [, username = '', password = ''] = /^([^:]+):(.+)$/s.exec(pin) ?? [];
  if (!isRole(role) || username === '') {
    throw new ClusterFailure(
      'not logged in',
      `This command needs a login: set CLOUDHSM_ROLE to ${ROLES.join(' or ')} and CLOUDHSM_PIN to user:password, or use "interactive" and "login".`,
    );
  }
  return { username, role, password: new Secret(password) };
}

function isRole(text: string): text is Role {
  return ROLES.includes(text);
}
