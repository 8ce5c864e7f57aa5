import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendAll, openLog, ORIGIN, requestRecord } from '../support/auditLogs.ts';
import { runProgram } from '../support/runProgram.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { MAIN } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ARN = 'arn:aws:iam::123456789012:user/Alice';
const REQUEST = '4112f4d6-db54-4af4-ae30-c55a22a8dfae';

/** Adds a log to an audit directory. */
function addLog(directory: string, slot: string, records: readonly object[], origin = ORIGIN): void {
  const log = openLog(directory, { slot, origin, segmentRecords: 100 });
  appendAll(log, records);
  log.close();
}

function query(...args: string[]) {
  return runCommandHere(['audit', 'query', ...args]);
}

describe('audit query', () => {
  it('prints a line for each record, and JSON', async () => {
    const directory = temporaryFolder();
    const refused = {
      operation: 'Decrypt',
      keyVersion: undefined,
      outcome: 'failure',
      errorName: 'AuthenticationFailedException',
    };
    addLog(directory, 'main', [requestRecord(), { ...requestRecord(refused), requestMetadata: undefined }]);
    const at = `2026-11-26T19:00:00.000Z ${ORIGIN}/main`;
    expect(await query(directory)).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        `${at} 1 Encrypt foo foo ${ARN} success - ${REQUEST}\n`,
        `${at} 2 Decrypt foo - - failure AuthenticationFailedException -\n`,
      ].join(''),
    });
    const { stdout } = await query(join(directory, 'main'), '--json', '--outcome', 'success');
    expect(JSON.parse(stdout)).toEqual({ index: 1, ...requestRecord(), log: `${ORIGIN}/main` });
  });

  it('prints records of other types, and escapes characters that control a terminal', async () => {
    const directory = temporaryFolder();
    const time = '2026-11-26T19:00:01.000Z';
    const user = 'a\u009b\u2028\u202e é';
    addLog(directory, 'cli', [
      { type: 'admin', time, act: 'key create', user },
      requestRecord({ externalKeyId: 'a b\x1b[2J' }),
    ]);
    const log = `${ORIGIN}/cli`;
    expect((await query(directory, '--type', 'admin')).stdout).toBe(
      `${time} ${log} 1 admin {"act":"key create","user":"a\\u009b\\u2028\\u202e é"}\n`,
    );
    expect((await query(directory)).stdout).toContain(' 2 Encrypt a\\u0020b\\u001b[2J foo ');
    const types = (await query(directory, '--type', 'all')).stdout.split('\n').map((line) => line.split(' ')[3]);
    expect(types).toEqual(['start', 'admin', 'Encrypt', 'stop', undefined]);
  });

  it('counts the logs of several hosts, including logs that were set aside, each once', async () => {
    const hosts = [temporaryFolder(), temporaryFolder()];
    const [first = '', second = ''] = hosts;
    const counted = requestRecord({ keyVersion: 'foo-2' });
    for (const [index, host] of hosts.entries()) {
      for (const slot of ['main', 'w1']) {
        const records = Array.from({ length: 300 }, (_, place) => (place % 3 === 0 ? counted : requestRecord()));
        addLog(host, slot, records, `host-${index}`);
      }
    }
    renameSync(join(first, 'main'), join(first, 'main.20261126T190000000Z.sealed'));
    renameSync(join(first, 'w1'), join(first, 'w1.20261126T190000000Z.closed'));
    addLog(first, 'main', [counted, requestRecord({ keyVersion: 'foo-2', operation: 'Decrypt' })], 'host-0');
    mkdirSync(join(first, 'other'));
    const conditions = ['--key', 'foo', '--key-version', 'foo-2', '--operation', 'Encrypt', '--outcome', 'success'];
    expect(await query(first, second, join(first, 'main'), ...conditions, '--count')).toEqual({
      exitCode: 0,
      stdout: '401\n',
      stderr: '',
    });
    expect((await query(first, ...conditions, '--count', '--json')).stdout).toBe('{"count":201,"omitted":0}\n');
    expect((await query(first, ...conditions)).stdout).toContain(' host-0/main.20261126T190000000Z.sealed 298 Enc');
  });

  it('applies corrections, and counts requests without a record of their own', async () => {
    const directory = temporaryFolder();
    const time = '2026-11-26T19:00:01.000Z';
    addLog(directory, 'main', [
      requestRecord(),
      { type: 'correction', time, corrects: 1, outcome: 'failure', httpStatus: 500, errorName: 'InternalException' },
      { type: 'omitted', time, count: 17, reason: 'unauthenticated requests', from: time, to: time },
    ]);
    const note = `note: 17 requests have no record of their own: ${ORIGIN}/main: unauthenticated requests\n`;
    expect(await query(directory, '--outcome', 'success', '--count')).toEqual({
      exitCode: 0,
      stdout: '0\n',
      stderr: note,
    });
    expect((await query(directory, '--count', '--json')).stdout).toBe('{"count":1,"omitted":17}\n');
    const { stdout } = await query(directory);
    expect(stdout).toContain(` 1 Encrypt foo foo ${ARN} failure(corrected) InternalException ${REQUEST}\n`);
    const json = await query(directory, '--outcome', 'failure', '--json', '--to', time);
    expect(JSON.parse(json.stdout)).toMatchObject({
      index: 1,
      outcome: 'success',
      correction: { index: 2, corrects: 1, outcome: 'failure' },
    });
    expect(json.stderr).toBe('');
  });

  it('skips a torn last line, and exits with 1 for a line that is not a record', async () => {
    const directory = temporaryFolder();
    addLog(directory, 'main', [requestRecord()]);
    const file = join(directory, 'main/00000000000000000000.ndjson');
    appendFileSync(file, '{"index":3,"type":"requ');
    expect(await query(directory, '--count')).toEqual({ exitCode: 0, stdout: '1\n', stderr: '' });
    appendFileSync(file, '\n');
    expect(await query(directory, '--count')).toEqual({
      exitCode: 1,
      stdout: '1\n',
      stderr: expect.stringMatching(
        /^warning: .*ndjson, byte \d+: this line is not a record\n1 lines are not records: audit verify tells more\n$/,
      ) as string,
    });
  });

  it('warns about two logs with the same name', async () => {
    const folders = [temporaryFolder(), temporaryFolder()];
    for (const folder of folders) addLog(folder, 'main', [requestRecord()]);
    expect(await query(...folders, '--count')).toEqual({
      exitCode: 0,
      stdout: '2\n',
      stderr: `warning: two of the logs are called ${ORIGIN}/main: records in both count twice\n`,
    });
  });

  it('ends when the reader of its output closes the pipe', async () => {
    const directory = temporaryFolder();
    addLog(
      directory,
      'main',
      Array.from({ length: 20_000 }, () => requestRecord()),
    );
    const pipe = `set -o pipefail; "$0" "$1" audit query "$2" --json | head -n 1`;
    const { exitCode, stdout, stderr } = await runProgram([
      'bash',
      '--norc',
      '-c',
      pipe,
      process.execPath,
      MAIN,
      directory,
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ index: 1 });
    expect(stderr).toBe('');
  });

  it.each([
    ['a time of another form', ['--from', 'yesterday'], 2],
    ['a period that ends before it begins', ['--from', '2026-11-27', '--to', '2026-11-26'], 2],
    ['an unknown operation', ['--operation', 'encrypt'], 2],
    ['an unknown outcome', ['--outcome', 'ok'], 2],
    ['an unknown type', ['--type', 'requests'], 2],
    ['a folder without logs', [], 1],
  ])('refuses %s', async (_what, args, exitCode) => {
    const { stdout, ...outcome } = await query(temporaryFolder(), ...args);
    expect(stdout).toBe('');
    expect(outcome.exitCode).toBe(exitCode);
    expect(outcome.stderr).toMatch(exitCode === 2 ? /^error: / : /^there is no audit log in \S+\n$/);
  });

  it('names a missing folder', async () => {
    expect(await query('/nowhere')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('/nowhere') as string,
    });
    expect(await query()).toMatchObject({ exitCode: 2 });
  });
});
