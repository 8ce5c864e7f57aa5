import { Command, InvalidArgumentError, Option } from 'commander';
import type { ClusterKey, ClusterUser, Role } from '../../cloudHsm/clusterCalls.ts';
import { ClusterFailure } from '../../cloudHsm/clusterFailure.ts';
import { matchesAll } from './keyFilter.ts';
import type { CliSession } from './cliSession.ts';

/** Performs a command, and prints the result as its `data`. Rejects with ClusterFailure. */
export type Run = (work: () => Promise<unknown>) => Promise<void>;

interface ClusterOption {
  readonly clusterId?: string;
}

interface UserOptions extends ClusterOption {
  readonly username: string;
  readonly role: Role;
  readonly password?: unknown;
}

interface KeyOptions extends ClusterOption {
  readonly filter?: readonly string[];
  readonly verbose?: boolean;
  readonly maxItems: number;
  readonly startingToken: number;
}

/** Adds the commands of CloudHSM CLI that AWS's guide for CloudHSM key stores uses. Source: "CloudHSM CLI reference". */
export function addCommands(program: Command, session: CliSession, run: Run): Command {
  const cluster = program.command('cluster').description('Manages your cluster');
  onCluster(cluster.command('activate'))
    .description('Activate a cluster: sets the first password of admin')
    .addOption(passwordOption())
    .action(({ clusterId, password }: UserOptions) =>
      run(async () => {
        refuseArgument(password);
        const connection = await session.connect(clusterId);
        await connection.activate(await session.newPassword());
        return 'Cluster activation successful';
      }),
    );

  onUser(program.command('login'))
    .description('Login to your cluster')
    .action(({ clusterId, password, ...user }: UserOptions) =>
      run(async () => {
        refuseArgument(password);
        const connection = await session.connect(clusterId);
        await connection.login({ ...user, password: await session.password() });
        return shown(user);
      }),
    );
  onCluster(program.command('logout'))
    .description('Logout of your cluster')
    .action(({ clusterId }: ClusterOption) =>
      run(async () => {
        await (await session.connect(clusterId)).logout();
        return 'Logout successful';
      }),
    );

  const user = program.command('user').description('Manages users');
  onCluster(user.command('list'))
    .description('List the users in your cluster')
    .action(({ clusterId }: ClusterOption) =>
      run(async () => ({ users: (await (await session.connect(clusterId)).listUsers()).map(showUser) })),
    );
  for (const [name, method, description] of [
    ['create', 'createUser', 'Create a new user'],
    ['change-password', 'changePassword', "Change a user's password, and unlock the user"],
  ] as const)
    onUser(user.command(name))
      .description(description)
      .action(({ clusterId, password, ...changed }: UserOptions) =>
        run(async () => {
          refuseArgument(password);
          const connection = await session.connectLoggedIn(clusterId);
          await connection[method]({ ...changed, password: await session.newPassword() });
          return shown(changed);
        }),
      );

  const key = program.command('key').description('Manages keys');
  onKeys(key.command('list'), 'to select matching keys to list')
    .description('List the keys of the current user')
    .option('--max-items <number>', "the total number of items in the command's output", parseCount, 10)
    .option('--starting-token <token>', 'the next_token of an earlier output', parseCount, 0)
    .option('-v, --verbose', 'print all attributes and key information for each matched key')
    .action(({ clusterId, filter = [], verbose, maxItems, startingToken }: KeyOptions) =>
      run(async () => {
        const connection = await session.connectLoggedIn(clusterId);
        const found = (await connection.listKeys()).filter((each) => matchesAll(each, filter));
        const page = found.slice(startingToken, startingToken + maxItems);
        const next = startingToken + page.length;
        return {
          matched_keys: page.map(verbose ? showWholeKey : showKey),
          total_key_count: found.length,
          returned_key_count: page.length,
          ...(next < found.length && { next_token: String(next) }),
        };
      }),
    );
  onKeys(key.command('delete'), 'to select a matching key for deletion')
    .description('Delete a key in the HSM cluster')
    .action(({ clusterId, filter = [] }: KeyOptions) =>
      run(async () => {
        if (filter.length === 0) throw new ClusterFailure('refused', 'Choose a key with --filter.');
        const connection = await session.connectLoggedIn(clusterId);
        const found = (await connection.listKeys()).filter((each) => matchesAll(each, filter));
        const [chosen] = found;
        if (!chosen) throw new ClusterFailure('key not found', 'No key matches the filter.');
        if (found.length > 1) throw new ClusterFailure('refused', `${found.length} keys match the filter: choose one.`);
        await connection.deleteKey(chosen);
        return { message: 'Key deleted successfully' };
      }),
    );
  return program;
}

export function clusterOption(): Option {
  return new Option('--cluster-id <id>', 'the cluster; the only one that runs, if it is left out');
}

function onCluster(command: Command): Command {
  return command.addOption(clusterOption());
}

function onUser(command: Command): Command {
  return onCluster(command)
    .requiredOption('--username <name>', 'name of the user')
    .addOption(new Option('--role <role>', 'role of the user').choices(['crypto-user', 'admin']).makeOptionMandatory())
    .addOption(passwordOption());
}

function onKeys(command: Command, purpose: string): Command {
  return onCluster(command).option(
    '--filter <filter...>',
    `key-reference=0x... or attributes in the form of attr.NAME=VALUE ${purpose}`,
    (filter: string, filters: readonly string[] | undefined) => [...(filters ?? []), filter],
  );
}

// AWS's CLI accepts this option. Commander would quote its value in an error, so the option is accepted here and refused later.
function passwordOption(): Option {
  return new Option('--password [password]').hideHelp();
}

function refuseArgument(password: unknown): void {
  if (password === undefined) return;
  throw new ClusterFailure(
    'refused',
    'A password must not be an argument, because all users of the machine can see it. Leave --password out, and enter it when prompted.',
  );
}

function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number.');
}

function shown({ username, role }: Pick<UserOptions, 'username' | 'role'>): object {
  return { username: username.toLowerCase(), role };
}

function showUser({ username, role, isLocked }: ClusterUser): object {
  return { username, role, locked: String(isLocked), mfa: [], 'cluster-coverage': 'full' };
}

function showKey({ reference, attributes }: ClusterKey): object {
  return { 'key-reference': reference, attributes: { label: attributes['label'] } };
}

function showWholeKey({ reference, owner, attributes }: ClusterKey): object {
  return {
    'key-reference': reference,
    'key-info': {
      'key-owners': [{ username: owner, 'key-coverage': 'full' }],
      'shared-users': [],
      'cluster-coverage': 'full',
    },
    attributes,
  };
}
