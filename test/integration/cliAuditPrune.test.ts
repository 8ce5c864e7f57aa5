import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LogWriter } from '../../src/audit/log/logWriter.ts';
import { appendAll, newSigningKey, openLog, ORIGIN } from '../support/auditLogs.ts';
import { notes, records } from '../support/logUnderTest.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const DAY = 86_400_000;

/** An open log. Each day from `oldest` days ago has a segment of 10 records, and the last day has half a segment. */
async function writeDays(
  directory: string,
  [oldest, newest]: readonly [oldest: number, newest: number],
  privateKey: KeyObject,
  slot = 'main',
): Promise<LogWriter> {
  const timeOf = (index: number) => Date.now() - (oldest - Math.floor(index / 10)) * DAY;
  const log = openLog(directory, { slot, privateKey, segmentRecords: 10, clock: () => timeOf(0) });
  while (log.size < 10 * (oldest - newest) + 5) {
    appendAll(log, [{ type: 'heartbeat', time: new Date(timeOf(log.size)).toISOString() }]);
    await log.checkpoint();
  }
  return log;
}

function prune(...args: string[]) {
  return runCommandHere(['audit', 'prune', ...args]);
}

describe('audit prune', () => {
  it('deletes older records while a writer runs, and the remaining ones can be verified', async () => {
    const directory = temporaryFolder();
    const privateKey = newSigningKey();
    const log = await writeDays(directory, [5, 0], privateKey);
    const args = [directory, '--keep-days', '3'];
    const time = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]{12}Z';
    const lines = [
      `deleted main/${records(0)} \\(to record 9, ${time}\\)`,
      `deleted main/${records(10)} \\(to record 19, ${time}\\)`,
      `deleted main/${notes(0)}`,
      `thinned main/${notes(10)} \\(1 of 10 checkpoints stay\\)`,
      `thinned main/${notes(20)} \\(1 of 10 checkpoints stay\\)`,
    ];
    const before = readdirSync(join(directory, 'main'));
    const dry = await prune(...args, '--dry-run');
    expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
    expect(dry.stdout).toMatch(new RegExp(`^${lines.map((line) => `Would have ${line}\n`).join('')}$`));
    expect(readdirSync(join(directory, 'main'))).toEqual(before);

    const { exitCode, stdout, stderr } = await prune(...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      new RegExp(`^${lines.map((line) => `${line.replace(/^./, (c) => c.toUpperCase())}\n`).join('')}$`),
    );
    expect(await runCommandHere(['audit', 'verify', directory])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/\nGood: .* as written from the first record on that was not deleted/) as string,
    });
    expect(await prune(...args)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(new RegExp(`^Nothing to do: no whole segment is older than ${time}\n$`)) as string,
    });

    appendAll(log, [{ type: 'heartbeat', time: new Date().toISOString() }]);
    log.close();
    expect(await runCommandHere(['audit', 'verify', directory])).toMatchObject({ exitCode: 0 });
  });

  it('deletes closed logs completely, never deletes sealed ones, and names the logs that prevent pruning', async () => {
    const directory = temporaryFolder();
    const privateKey = newSigningKey();
    for (const [days, name] of [
      [[9, 5], 'main.20260101T000000000Z.closed'],
      [[2, 0], 'main.20260102T000000000Z.closed'],
      [[9, 5], 'main.20260103T000000000Z.sealed'],
    ] as const) {
      (await writeDays(directory, days, privateKey)).abandon();
      renameSync(join(directory, 'main'), join(directory, name));
    }
    for (const slot of ['main', 'w1']) (await writeDays(directory, [9, 0], privateKey, slot)).abandon();
    writeFileSync(join(directory, 'main/ranges'), '');
    const { exitCode, stdout, stderr } = await prune(directory, '--keep-days', '1');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `Old segments stay, because the rest could not be verified without them:\n${ORIGIN}/main: ranges has no line of size 10\n`,
    );
    expect(stdout).not.toContain('main/');
    expect(stdout).toContain('Deleted main.20260101T000000000Z.closed (to record 44, ');
    expect(stdout).toContain(`\nDeleted w1/${records(70)} (`);
    expect(readdirSync(directory)).toEqual([
      'main',
      'main.20260102T000000000Z.closed',
      'main.20260103T000000000Z.sealed',
      'w1',
    ]);
  });

  it.each([
    ['no days', []],
    ['0 days', ['--keep-days', '0']],
    ['half a day', ['--keep-days', '0.5']],
  ])('refuses %s as a matter of usage', async (_what, args) => {
    expect(await prune(temporaryFolder(), ...args)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
