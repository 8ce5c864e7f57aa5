import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NoteSigner } from '../../src/audit/format/signedNote.ts';
import { newSigningKey, openLog, ORIGIN } from '../support/auditLogs.ts';
import { NAME, records, writeLog, type WrittenLog } from '../support/logUnderTest.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { runCommand } from '../support/runningProxy.ts';
import { changed } from '../support/tamper.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const OWN_KEYS = /^The verifier keys are those that the folders hold themselves: this proves nothing/m;

function verify(...args: readonly string[]) {
  return runCommandHere(['audit', 'verify', ...args]);
}

async function writeWithVkey(): Promise<WrittenLog & { vkeyFile: string; vkey: string }> {
  const written = await writeLog();
  const vkey = readFileSync(join(written.folder, 'vkey'), 'utf8').trimEnd();
  const vkeyFile = join(temporaryFolder({ vkeys: `# kept by the auditor\n\n${vkey}\n` }), 'vkeys');
  return { ...written, vkey, vkeyFile };
}

describe('audit verify', () => {
  it('reports the results, and how far the keys can be trusted', async () => {
    const { folder, vkey } = await writeWithVkey();
    const { exitCode, stdout, stderr } = await verify(join(folder, '..'));
    expect(stdout).toBe(`main
  name         ${NAME}
  key          ${vkey.slice(0, NAME.length + 9)}
  records      351 in 4 segments
  checkpoints  38, the newest of size 351
  proven       records 0 to 350
  writer       process ${process.pid}

The verifier keys are those that the folders hold themselves: this proves nothing against someone who could change
both the records and the keys. Give --vkey with a file of verifier keys that was kept elsewhere.

Good: the log is as written.
`);
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('uses verifier keys and checkpoints that were kept elsewhere', async () => {
    const { folder, vkeyFile, kept } = await writeWithVkey();
    const checkpoint = join(temporaryFolder({ checkpoint: kept[20] ?? '' }), 'checkpoint');
    const { exitCode, stdout } = await verify(folder, '--vkey', vkeyFile, '--checkpoint', checkpoint);
    expect(stdout).toContain('  extends      the checkpoint of size 200 in main or --checkpoint\n');
    expect(stdout).not.toMatch(OWN_KEYS);
    expect(stdout).not.toContain('No checkpoint was given');
    expect(exitCode).toBe(0);
    const withoutCheckpoint = await verify(folder, '--vkey', vkeyFile);
    expect(withoutCheckpoint.stdout).toContain('\n\nNo checkpoint was given that was kept elsewhere: ');
  });

  it("prints no character of a stranger's file that a terminal would obey", async () => {
    const { folder } = await writeWithVkey();
    // It clears the screen, and says in its place that all is well.
    const hostile = `\x1b[2J\x1b[HGood:\u202e/\x9bmain`;
    writeFileSync(join(folder, 'vkey'), `${new NoteSigner(hostile, newSigningKey()).vkey}\n`);
    for (const json of [[], ['--json']]) {
      const { exitCode, stdout, stderr } = await runCommand(['audit', 'verify', folder, ...json]);
      expect(stdout).toContain(String.raw`\u001b[2J\u001b[HGood:\u202e/\u009bmain`);
      expect(stdout + stderr).not.toMatch(/[^\n -~]/);
      expect(exitCode).toBe(1);
    }
    const { stderr } = await runCommand([hostile]);
    expect(stderr).toContain(String.raw`unknown command '\u001b[2J`);
  });

  it('says that a log is missing whose key was given', async () => {
    const { folder, vkeyFile } = await writeWithVkey();
    const { vkey } = new NoteSigner(`${ORIGIN}/cli`, newSigningKey());
    writeFileSync(vkeyFile, `${readFileSync(vkeyFile, 'utf8')}${vkey}\n`);
    const { exitCode, stdout } = await verify(join(folder, '..'), '--vkey', vkeyFile);
    expect(stdout).toContain(`\nnote: there is no log here of ${ORIGIN}/cli: deleted, or never begun\n`);
    expect(stdout).toMatch(/\nIncomplete: the log is as written\. The notes say what is missing\.\n$/);
    expect(exitCode).toBe(0);
    const strict = await verify(join(folder, '..'), '--vkey', vkeyFile, '--strict');
    expect(strict).toMatchObject({ exitCode: 1, stderr: 'Not good: 1 note, and --strict allows none.\n' });
  });

  it('names the changed records, and exits with 1', async () => {
    const { folder, tamper } = await writeLog();
    tamper.lines(records(100), (lines) => changed(lines, 42, (line) => line.replace('success', 'failure')));
    const { exitCode, stdout, stderr } = await verify(folder);
    expect(stdout).toContain('  proven       records 0 to 140, records 200 to 350\n');
    expect(stdout).toContain(
      '  PROBLEM      one or more of the records 141 to 150 were changed: the tree is not the one that the checkpoint of size 151 signs\n',
    );
    expect(stdout).not.toContain('Good');
    expect([exitCode, stderr]).toEqual([1, 'Not good: 1 problem.\n']);
  });

  it('reports that the log does not extend a checkpoint that was kept elsewhere', async () => {
    const { kept } = await writeLog();
    const directory = temporaryFolder({ checkpoints: kept.map((note) => `${note}\n`).join('') });
    openLog(directory).abandon();
    const { exitCode, stdout } = await verify(directory, '--checkpoint', join(directory, 'checkpoints'));
    expect(stdout).toContain(
      `PROBLEM: ${NAME} does not extend the checkpoint of size 11, which was kept elsewhere: no key that is trusted has signed it (37 more of its checkpoints likewise)\n`,
    );
    expect(exitCode).toBe(1);
  });

  it('writes JSON for programs', async () => {
    const { folder, tamper, vkeyFile } = await writeWithVkey();
    tamper.lines(records(100), (lines) => lines.toSpliced(42, 1));
    const { exitCode, stdout } = await verify(folder, '--vkey', vkeyFile, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      good: false,
      vkeys: 'given',
      problems: [],
      logs: [{ slot: 'main', name: NAME, records: 350, problems: [{ index: 142, message: 'record 142 is missing' }] }],
    });
    expect(exitCode).toBe(1);
  });

  it.each<[string, readonly string[], number, string]>([
    ['no folder', [], 2, 'error: give either a folder or --proof'],
    ['a folder and a proof', ['DIR', '--proof', 'x'], 2, 'error: give either a folder or --proof'],
    ['a proof without keys', ['--proof', 'x'], 2, 'error: --proof needs --vkey'],
    ['a record without a proof', ['DIR', '--record', 'x'], 2, 'error: --record needs --proof'],
    ['a file of keys that is missing', ['DIR', '--vkey', '/missing'], 2, 'ENOENT'],
    [
      'a file of keys that holds none',
      ['DIR', '--vkey', 'DIR/lock'],
      2,
      'line 1: it is not a verifier key for Ed25519',
    ],
    ['a checkpoint that is none', ['DIR', '--checkpoint', 'DIR/lock'], 2, 'it is not a signed note'],
    ['a folder without logs', ['DIR/..'], 1, 'there is no audit log in'],
    ['a folder that is missing', ['/missing'], 1, 'there is no audit log in /missing, which does not exist\n'],
    ['a file', ['DIR/lock'], 1, '/other/lock, which is not a folder\n'],
  ])('refuses %s', async (_what, args, code, message) => {
    const directory = temporaryFolder();
    openLog(directory, { slot: 'other' }).abandon();
    writeFileSync(join(directory, 'other/lock'), 'x\n');
    const { exitCode, stderr } = await verify(...args.map((arg) => arg.replace('DIR', join(directory, 'other'))));
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });
});

describe('audit prove', () => {
  it('makes a proof that can be verified without the log', async () => {
    const { folder, tamper, vkeyFile, vkey } = await writeWithVkey();
    const out = join(temporaryFolder(), 'record.tlog-proof');
    const proven = await runCommandHere(['audit', 'prove', folder, '142', '--out', out]);
    expect(proven.stdout).toMatch(/^\{"index":142,"type":"request",.*\}\n$/);
    expect(proven.stderr).toBe(`${out} shows that this is record 142 of ${NAME}, by the checkpoint of size 351.\n`);
    expect(proven.exitCode).toBe(0);

    tamper.remove(records(100));
    const key = vkey.slice(0, NAME.length + 9);
    expect(await verify('--proof', out, '--vkey', vkeyFile)).toEqual({
      exitCode: 0,
      stdout: proven.stdout,
      stderr: `Good: this is record 142 of ${NAME}, whose checkpoint of size 351 is signed (${key}).\n`,
    });
    const { stdout } = await verify('--proof', out, '--vkey', vkeyFile, '--json');
    const record = proven.stdout.trimEnd();
    expect(JSON.parse(stdout)).toEqual({ good: true, log: NAME, index: 142, size: 351, keys: [key], record });

    const again = await runCommandHere(['audit', 'prove', folder, '342', '--out', out]);
    expect([again.exitCode, again.stderr]).toEqual([1, `${out} already exists; it is not overwritten\n`]);
  });

  it('writes the proof to standard output, by itself or in JSON', async () => {
    const { folder, vkeyFile } = await writeWithVkey();
    const { stdout, stderr } = await runCommandHere(['audit', 'prove', folder, '142']);
    expect(stderr).toMatch(/^\{"index":142,.*\}\nThe proof shows that this is record 142 of /);
    const file = join(temporaryFolder({ proof: stdout }), 'proof');
    expect((await verify('--proof', file, '--vkey', vkeyFile)).exitCode).toBe(0);
    const json = await runCommandHere(['audit', 'prove', folder, '142', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ log: NAME, index: 142, size: 351, proof: stdout });
  });

  it('makes proofs that are invalid for anything else', async () => {
    const { folder, vkeyFile } = await writeWithVkey();
    const { stdout: proof } = await runCommandHere(['audit', 'prove', folder, '142']);
    const record = Buffer.from(/^extra (.*)$/m.exec(proof)?.[1] ?? '', 'base64').toString();
    const other = Buffer.from(record.replace('success', 'failure')).toString('base64');
    const files = temporaryFolder({
      record: `${record}\n`,
      otherRecord: `${record} \n`,
      bare: proof.replace(/^extra .*\n/m, ''),
      forged: proof.replace(/^extra .*$/m, `extra ${other}`),
      moved: proof.replace(/^index 142$/m, 'index 143'),
      resigned: proof.replace('\n351\n', '\n352\n'),
      text: 'a text\n',
    });
    const outcome = async (file: string, ...args: readonly string[]) => {
      const { exitCode, stderr } = await verify('--proof', join(files, file), '--vkey', vkeyFile, ...args);
      return [exitCode, stderr.replaceAll(files, '')];
    };
    const uncovered = (index: number) => [
      1,
      `Not good: the checkpoint of size 351 does not cover this record at index ${index}.\n`,
    ];
    expect(await outcome('bare')).toEqual([1, '/bare does not contain the record: give it with --record\n']);
    expect(await outcome('bare', '--record', join(files, 'record'))).toEqual([0, expect.stringMatching('^Good')]);
    expect(await outcome('bare', '--record', join(files, 'otherRecord'))).toEqual(uncovered(142));
    expect(await outcome('forged')).toEqual(uncovered(142));
    expect(await outcome('moved')).toEqual(uncovered(143));
    const signature = `Not good: the checkpoint of the proof: its signature of ${NAME} is wrong.\n`;
    expect(await outcome('resigned')).toEqual([1, signature]);
    expect(await outcome('text')).toEqual([1, '/text is not a proof of the form c2sp.org/tlog-proof@v1\n']);
  });

  it('needs one log, and an existing record', async () => {
    const directory = temporaryFolder();
    const privateKey = newSigningKey();
    for (const slot of ['main', 'w1']) openLog(directory, { slot, privateKey }).close();
    const prove = (...args: readonly string[]) => runCommandHere(['audit', 'prove', ...args]);
    expect(await prove(directory, '0')).toMatchObject({
      exitCode: 1,
      stderr: `${directory} has several logs; name the folder of one: main, w1\n`,
    });
    expect(await prove(join(directory, 'w1'), '2')).toMatchObject({
      exitCode: 1,
      stderr: 'the newest checkpoint covers records 0 to 1: record 2 does not exist, or is not signed yet\n',
    });
    expect((await prove(join(directory, 'w1'), '-1')).exitCode).toBe(2);
    expect((await prove(join(directory, 'w1'), '1')).stdout).toContain(`${ORIGIN}/w1`);
  });
});
