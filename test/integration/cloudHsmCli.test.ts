import { expect, it } from 'vitest';
import { ADMIN, ClusterUnderTest, KMSUSER, withPassword } from '../support/cloudHsmCluster.ts';
import { runProgram, type CommandOutcome, type RunOptions } from '../support/runProgram.ts';
import { MAIN, startTestProgram } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const AS_ADMIN = { CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: `admin:${ADMIN.password.reveal()}` };
const AS_USER = { CLOUDHSM_ROLE: 'crypto-user', CLOUDHSM_PIN: `kmsuser:${KMSUSER.password.reveal()}` };
const ONE_USER = { mfa: [], 'cluster-coverage': 'full' };
const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

interface CliOptions extends RunOptions {
  readonly args: readonly string[];
}

function cloudHsmCli(
  cluster: Pick<ClusterUnderTest, 'env'>,
  { args, env, ...options }: CliOptions,
): Promise<CommandOutcome> {
  return runProgram([process.execPath, MAIN, 'cloudhsm-cli', ...args], { ...options, env: { ...cluster.env, ...env } });
}

/** The output of a single command. */
async function answer(cluster: ClusterUnderTest, options: CliOptions): Promise<unknown> {
  const { exitCode, stdout } = await cloudHsmCli(cluster, options);
  const printed = JSON.parse(stdout) as { error_code: number; data: unknown };
  expect(printed.error_code).toBe(exitCode);
  return printed;
}

/** The outputs of the commands of an interactive run, one after the other. */
async function interactive(cluster: ClusterUnderTest, lines: readonly string[]): Promise<unknown[]> {
  const { stdout } = await cloudHsmCli(cluster, { args: ['interactive'], input: lines.join('\n') });
  return stdout
    .split(/(?<=^\})\n/m)
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as unknown);
}

function ok(data: unknown): unknown {
  return { error_code: 0, data };
}

function failed(data: string): unknown {
  return { error_code: 1, data: expect.stringContaining(data) as string };
}

it('follows the guide, one command at a time', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.start();
  const userList = () => answer(cluster, { args: ['user', 'list'] });
  const appUser = { username: 'app_user', role: 'internal(APPLIANCE_USER)', locked: 'false', ...ONE_USER };
  expect(await userList()).toEqual(
    ok({ users: [{ username: 'admin', role: 'unactivated-admin', locked: 'false', ...ONE_USER }, appUser] }),
  );
  const twice = (password: string) => `${password}\n${password}\n`;
  expect(await answer(cluster, { args: ['cluster', 'activate'], input: 'oneOfTwo1\ntwoOfTwo2\n' })).toEqual(
    failed('not the same'),
  );
  expect(await answer(cluster, { args: ['cluster', 'activate'], input: twice(ADMIN.password.reveal()) })).toEqual(
    ok('Cluster activation successful'),
  );
  const kmsuser = ['--username', 'kmsuser', '--role', 'crypto-user'];
  const created = { args: ['user', 'create', ...kmsuser], input: twice('createdPassword1') };
  expect(await answer(cluster, created)).toEqual(failed('CLOUDHSM_PIN'));
  expect(await answer(cluster, { ...created, env: AS_ADMIN })).toEqual(
    ok({ username: 'kmsuser', role: 'crypto-user' }),
  );
  const changed = { args: ['user', 'change-password', ...kmsuser], input: twice(KMSUSER.password.reveal()) };
  expect(await answer(cluster, { ...changed, env: AS_ADMIN })).toEqual(
    ok({ username: 'kmsuser', role: 'crypto-user' }),
  );
  expect(await userList()).toEqual(
    ok({
      users: [
        { username: 'admin', role: 'admin', locked: 'false', ...ONE_USER },
        { username: 'kmsuser', role: 'crypto-user', locked: 'false', ...ONE_USER },
        appUser,
      ],
    }),
  );
  const login = { args: ['login', ...kmsuser], input: `${KMSUSER.password.reveal()}\n` };
  expect(await answer(cluster, login)).toEqual(ok({ username: 'kmsuser', role: 'crypto-user' }));
  expect(await answer(cluster, { ...login, input: '' })).toEqual(failed('No password was entered.'));
  expect(
    await answer(cluster, { args: ['key', 'list'], env: { ...AS_USER, CLOUDHSM_PIN: 'kmsuser:wrongOne' } }),
  ).toEqual(failed('The password of kmsuser is wrong. 4 more wrong passwords lock the user.'));
});

it('lists keys by pages and filters, and deletes the one that a filter chooses', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey(ARN);
  for (let made = 0; made < 11; made += 1) await kms.generateKey(`other key ${made}`);
  await kms.logout();
  const reference = `0x0000${key.id.slice(0, 12)}`;
  const onCommand = (...args: readonly string[]) => answer(cluster, { args, env: AS_USER });

  const first = (await onCommand('key', 'list')) as { data: { matched_keys: unknown[]; next_token: string } };
  expect(first.data).toMatchObject({ total_key_count: 12, returned_key_count: 10, next_token: '10' });
  const second = await onCommand('key', 'list', '--starting-token', first.data.next_token);
  expect(second).toMatchObject({ data: { total_key_count: 12, returned_key_count: 2 } });
  expect(second).not.toHaveProperty('data.next_token');
  expect(await onCommand('key', 'list', '--max-items', '1', '--filter', `attr.label=${ARN}`)).toEqual(
    ok({
      matched_keys: [{ 'key-reference': reference, attributes: { label: ARN } }],
      total_key_count: 1,
      returned_key_count: 1,
    }),
  );
  const whole = {
    'key-reference': reference,
    'key-info': {
      'key-owners': [{ username: 'kmsuser', 'key-coverage': 'full' }],
      'shared-users': [],
      'cluster-coverage': 'full',
    },
    attributes: expect.objectContaining({
      'key-type': 'aes',
      id: `0x${key.id}`,
      class: 'secret-key',
      'key-length-bytes': 32,
    }) as object,
  };
  // Two forms of the id in the guide, and two in the reference.
  for (const filter of [
    `attr.id=0x${key.id}`,
    `attr.id=0x${Buffer.from(key.id).toString('hex')}`,
    `key-reference=${reference}`,
    `attr.key-reference=${reference}`,
  ])
    expect(await onCommand('key', 'list', '--verbose', '--filter', filter, 'attr.key-type=aes')).toEqual(
      ok({ matched_keys: [whole], total_key_count: 1, returned_key_count: 1 }),
    );

  expect(await onCommand('key', 'delete')).toEqual(failed('Choose a key with --filter.'));
  expect(await onCommand('key', 'delete', '--filter', 'attr.class=secret-key')).toEqual(failed('12 keys match'));
  expect(await onCommand('key', 'delete', '--filter', 'label=a')).toEqual(failed('attr.NAME=VALUE'));
  expect(await onCommand('key', 'delete', '--filter', `attr.id=0x${key.id}`)).toEqual(
    ok({ message: 'Key deleted successfully' }),
  );
  expect(await onCommand('key', 'delete', '--filter', `attr.id=0x${key.id}`)).toEqual(failed('No key matches'));
});

it('keeps one login through an interactive run, which continues after a failure', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const outcomes = await interactive(cluster, [
    'key list',
    'login --username kmsuser --role crypto-user',
    KMSUSER.password.reveal(),
    '',
    'key list --filter "attr.label=with blank"',
    "key list --filter 'attr.label=open",
    'user change-password --username kmsuser --role crypto-user',
    'another1',
    'another1',
    'login --username admin --role admin',
    ADMIN.password.reveal(),
    'logout',
    'logout',
    'nonsense',
    'user list',
    'quit',
    'user list',
  ]);
  expect(outcomes).toEqual([
    failed('Log in first'),
    ok({ username: 'kmsuser', role: 'crypto-user' }),
    ok({ matched_keys: [], total_key_count: 0, returned_key_count: 0 }),
    failed('A quote is not closed.'),
    ok({ username: 'kmsuser', role: 'crypto-user' }),
    failed('logged in as kmsuser already'),
    ok('Logout successful'),
    failed('Nobody is logged in'),
    expect.objectContaining({ error_code: 0 }),
  ]);
  await cluster.connect(withPassword(KMSUSER, 'another1'));
});

it('prompts on standard error if its input is a pipe, and has help for every command', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.start();
  const input = 'help\nhelp key delete\nlogin --username admin\ncluster activate\n';
  const { exitCode, stdout, stderr } = await cloudHsmCli(cluster, { args: ['interactive'], input });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Delete a key in the HSM cluster');
  expect(stdout).toContain('cluster');
  expect(stderr).toContain("aws-cloudhsm > error: required option '--role <role>' not specified");
  expect(stderr).toContain('Enter password:');
});

/** An interactive run on a terminal. */
function onTerminal(cluster: ClusterUnderTest) {
  const command = `${process.execPath} ${MAIN} cloudhsm-cli interactive`;
  let screen = '';
  const program = startTestProgram(['script', '-qec', command, '/dev/null'], { env: cluster.env });
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  return {
    ended: program.ended,
    /** Types keys after the prompt. Resolves to the new output on the screen. */
    type: async (prompt: string, keys: string): Promise<string> => {
      await expect.poll(() => screen).toContain(prompt);
      const shown = screen;
      screen = '';
      program.stdin.write(keys);
      return shown;
    },
  };
}

it('shows no password on a terminal', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const { type, ended } = onTerminal(cluster);
  await type('aws-cloudhsm > ', 'login --username admin --role admin\r');
  expect(await type('Enter password:', `${ADMIN.password.reveal()}\r`)).toContain(
    'login --username admin --role admin',
  );
  const answered = await type('aws-cloudhsm > ', 'quit\r');
  expect(answered).toContain('"error_code": 0');
  expect(answered).not.toContain(ADMIN.password.reveal());
  expect(await ended).toBe(0);
});

it.each([
  ['Ctrl-C at the prompt', ['\x03']],
  ['Ctrl-D at the prompt', ['\x04']],
  ['Ctrl-C at a password', ['cluster activate\r', '\x03']],
])('ends at %s', async (_, [first, second]) => {
  const cluster = new ClusterUnderTest();
  await cluster.start();
  const { type, ended } = onTerminal(cluster);
  await type('aws-cloudhsm > ', String(first));
  if (second !== undefined) await type('Enter password:', second);
  expect(await ended).toBe(0);
});

it('takes no password as an argument', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.start();
  for (const args of [
    ['login', '--username', 'admin', '--role', 'admin'],
    ['cluster', 'activate'],
  ]) {
    const { exitCode, stdout, stderr } = await cloudHsmCli(cluster, { args: [...args, '--password', 'secretWord'] });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual(failed('Leave --password out'));
    expect(stdout + stderr).not.toContain('secretWord');
  }
});

it('uses the only running cluster, and says what to do if there are none or several', async () => {
  const folder = temporaryFolder();
  const [one, other] = [new ClusterUnderTest(folder), new ClusterUnderTest(folder)];
  const list = (...args: readonly string[]) => answer(one, { args: ['user', 'list', ...args] });
  expect(await list()).toEqual(failed('xks-proxy kms cluster create'));
  expect(await list('--cluster-id', one.clusterId)).toEqual(failed(`${one.clusterId} does not run`));
  expect(await list('--cluster-id', 'cluster-1a23b4cdefg')).toEqual(failed('digits from 2 to 7'));
  const running = await one.start();
  expect(await list()).toMatchObject({ error_code: 0 });
  await other.start();
  expect(await list()).toEqual(failed(`They are ${[one.clusterId, other.clusterId].sort().join(', ')}.`));
  expect(await list('--cluster-id', one.clusterId)).toMatchObject({ error_code: 0 });
  // The cluster leaves its socket behind.
  process.kill(running.pid, 'SIGKILL');
  await running.ended;
  expect(await list()).toMatchObject({ error_code: 0 });
  const { exitCode, stderr } = await cloudHsmCli(one, { args: ['user', 'nonsense'] });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'nonsense'") as string });
});
