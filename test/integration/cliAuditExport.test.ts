import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logOfSize, newSigningKey } from '../support/auditLogs.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { readEntries } from '../support/tiles.ts';

const privateKey = newSigningKey();

function exportTo(dir: string, out: string) {
  return runCommandHere(['audit', 'export', dir, out]);
}

describe('audit export', () => {
  it('writes the log of one slot', async () => {
    const folder = temporaryFolder();
    const path = await logOfSize(join(folder, 'audit'), 300, { privateKey });
    const out = join(folder, 'out');
    const { exitCode, stdout, stderr } = await exportTo(path, out);
    const [origin, size, root] = readFileSync(join(out, 'checkpoint'), 'utf8').split('\n');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `Wrote ${out}: 300 records of ${origin ?? ''}, root ${root ?? ''}\n`,
    });
    expect(size).toBe('300');
    expect(stderr).toBe('');
    expect(readEntries(out, 300)).toHaveLength(300);
    expect(await exportTo(path, out)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `main was not exported: ${out} is not empty\n`,
    });
  });

  it('writes each log of a directory, and names those that it cannot export', async () => {
    const folder = temporaryFolder();
    const audit = join(folder, 'audit');
    await logOfSize(audit, 10, { privateKey });
    renameSync(join(audit, 'main'), join(audit, 'main.20261126T190000000Z.closed'));
    await logOfSize(audit, 20, { privateKey });
    renameSync(join(audit, 'main'), join(audit, 'main.20261126T190100000Z.sealed'));
    await logOfSize(audit, 30, { privateKey });
    await logOfSize(audit, 40, { privateKey, slot: 'w1', segmentRecords: 20 });
    await logOfSize(audit, 50, { privateKey, slot: 'w2' });
    rmSync(join(audit, 'w1/00000000000000000000.ndjson'));
    const out = join(folder, 'out');
    const { exitCode, stdout, stderr } = await exportTo(audit, out);
    expect(exitCode).toBe(1);
    expect(stdout.split('\n').map((line) => line.slice(0, line.indexOf(',')))).toEqual([
      `Wrote ${out}/main.20261126T190000000Z.closed: 10 records of xks.example.com/proxy-1/main`,
      `Wrote ${out}/main: 30 records of xks.example.com/proxy-1/main`,
      `Wrote ${out}/w2: 50 records of xks.example.com/proxy-1/w2`,
      '',
    ]);
    expect(stderr).toBe(
      'note: main.20261126T190100000Z.sealed was sealed and is left out\n' +
        'w1 was not exported: it was pruned: its records before 20 are gone, and tiles must begin with record 0\n',
    );
    expect(readdirSync(out)).toEqual(['main', 'main.20261126T190000000Z.closed', 'w2']);
    expect(await exportTo(audit, out)).toEqual({ exitCode: 1, stdout: '', stderr: `${out} is not empty\n` });
  });

  it('refuses folders that are not a log', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'audit'));
    expect(await exportTo(join(folder, 'audit'), join(folder, 'out'))).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `there is no audit log in ${folder}/audit\n`,
    });
    expect(await runCommandHere(['audit', 'export', folder])).toMatchObject({ exitCode: 2 });
  });
});
