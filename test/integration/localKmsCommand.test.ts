import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { runCommand } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

describe('xks-proxy kms serve', () => {
  it('prints where it listens, serves, and ends on request', async () => {
    const kms = await RunningLocalKms.startProcess(['--region', 'eu-west-1', '--account-id', '999988887777']);
    expect(kms.log.at(-1)).toMatchObject({ region: 'eu-west-1', accountId: '999988887777', msg: 'listening' });
    const answer = await fetch(kms.endpoint);
    expect(await answer.text()).toContain('account 999988887777');
    kms.signal('SIGTERM');
    expect(await kms.exitCode).toBe(0);
    expect(kms.log.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it.each([
    [['--port', '70000'], 'Give a whole number from 0 to 65535.'],
    [['--account-id', '1234'], 'Give 12 digits.'],
    [['--resolve', 'localhost'], 'Give name=host:port'],
    [['--resolve', 'localhost=127.0.0.1:99999'], 'Give name=host:port'],
    [['--resolve', 'localhost=127.0.0.1:0'], 'Give name=host:port'],
    [['--host', ''], 'Give a name or an address, such as 127.0.0.1.'],
    [['--connect-seconds', '-1'], 'Give a number from 0 to 86400.'],
    [['--day-seconds', '0'], 'Give a number above 0.'],
    [['--requests-per-second', '0.5'], 'Give a whole number from 1 to 999999.'],
    [['--answer-within-ms', '250.5'], 'Give a whole number from 1 to 999999.'],
    [['--region', 'us east 1'], 'Give a Region, such as us-east-1.'],
    [['--client-cert', 'a.crt'], '--client-cert and --client-key go together'],
  ])('%j is a usage error, and exits with 2', async (args, reason) => {
    const { exitCode, stderr } = await runCommandHere(['kms', 'serve', '--state', ':memory:', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(reason);
  });

  it('refuses unusable files before it serves', async () => {
    const folder = temporaryFolder({ 'kms.yaml': 'callers: 7', 'ca.crt': 'nothing' });
    const run = (...args: string[]) =>
      runCommand(['kms', 'serve', '--port', '0', '--state', join(folder, 'kms.db'), ...args]);
    expect(await run('--config', join(folder, 'kms.yaml'))).toMatchObject({
      exitCode: 1,
      stderr: `${join(folder, 'kms.yaml')} has a problem:\n  callers (line 1): must be a map (given: 7)\n`,
    });
    expect(await run('--ca', join(folder, 'ca.crt'))).toMatchObject({ exitCode: 1 });
    expect((await run('--ca', join(folder, 'ca.crt'))).stderr).toContain(join(folder, 'ca.crt'));
    writeFileSync(
      join(folder, 'kms.db'),
      'this is no database, and longer than the header of one would have to be'.repeat(9),
    );
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`The state file ${join(folder, 'kms.db')} cannot be opened`);
  });

  it('refuses an invalid host', async () => {
    expect(await runCommand(['kms', 'serve', '--host', 'none.invalid', '--port', '0', '--state', ':memory:'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^cannot listen on none\.invalid port 0: (ENOTFOUND|EAI_AGAIN); choose another with --host\n$/,
      ) as string,
    });
  });

  it('refuses a state that another process has open, and a port that is in use', async () => {
    const kms = await RunningLocalKms.startProcess();
    const { port } = new URL(kms.endpoint);
    const second = await runCommand(['kms', 'serve', '--port', '0', '--state', join(kms.folder, 'kms.db')]);
    expect(second).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        '(another process has it open). End that process, or name another file with --state.',
      ) as string,
    });
    const third = await runCommand(['kms', 'serve', '--port', port, '--state', ':memory:']);
    expect(third).toMatchObject({
      exitCode: 1,
      stderr: `cannot listen on 127.0.0.1 port ${port}: EADDRINUSE, another process uses it; choose another with --port\n`,
    });
  });
});
