import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { auditDirectory, auditedFiles, verify } from '../support/auditedProxy.ts';
import { auditRecords } from '../support/auditRecords.ts';
import { notes, records } from '../support/logUnderTest.ts';
import { RunningProxy, runCommand } from '../support/runningProxy.ts';
import { Tamperer } from '../support/tamper.ts';

const CLI = 'xks.example.com/proxy-1/cli';

it.each([{ workers: 1 }, { workers: 2 }])(
  'with $workers workers, an act that is cut off together with its checkpoint is missed, and the log stream has the checkpoint',
  async (server) => {
    const files = auditedFiles({ server });
    const directory = auditDirectory(files);
    const proxy = await RunningProxy.start(files);
    const create = (label: string) => runCommand(['key', 'create', label, '--config', files.configFile], files.env);
    expect(await create('kept')).toMatchObject({ exitCode: 0, stderr: '' });
    const { size } = await proxy.logged({ msg: 'audit checkpoint', log: CLI });
    expect(await create('hidden')).toMatchObject({ exitCode: 0, stderr: '' });
    const last = await proxy.logged({ msg: 'audit checkpoint', log: CLI, size: 2 * (size as number) });
    proxy.signal('SIGKILL');
    await proxy.exitCode;
    expect((await verify(directory)).exitCode).toBe(0);

    const tamper = new Tamperer(join(directory, 'cli'));
    tamper.lines(records(0), (lines) => lines.slice(0, size as number));
    tamper.notes(notes(0), (all) => all.slice(0, 1));
    const why = `the log has only ${size as number} of these records: it was truncated`;
    const problem = `${CLI} does not extend the checkpoint of size ${last['size'] as number}, which is recorded in main: ${why}`;
    expect(await verify(directory)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(problem) as string,
    });
    files.dispose();
  },
);

it.runIf(process.getuid?.() === 0)(
  'acts of root are recorded in files of the owner of the audit directory',
  async () => {
    const files = auditedFiles();
    const directory = auditDirectory(files);
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, 12_345, 12_346);
    chmodSync(files.folder, 0o755);
    const args = ['key', 'create', 'by-root', '--config', files.configFile];
    expect(await runCommand(args, files.env)).toMatchObject({ exitCode: 0, stderr: '' });
    const made = ['.', ...readdirSync(join(directory, 'cli'))].map((name) => lstatSync(join(directory, 'cli', name)));
    expect(made.length).toBeGreaterThan(3);
    for (const { uid, gid } of made) expect([uid, gid]).toEqual([12_345, 12_346]);
    expect(auditRecords(directory).find(({ label }) => label === 'by-root')).toMatchObject({ user: { uid: 0 } });
    files.dispose();
  },
);
