import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { holderOf, LockHeld, takeLock } from '../../src/fileLock.ts';
import { ProcessLog } from '../support/processLog.ts';
import { startTestProgram } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const LOCKS = 200;
const SOURCE = join(import.meta.dirname, '../../src/fileLock.ts');
const isRoot = process.getuid?.() === 0;

function lockFile(text?: string): string {
  return join(temporaryFolder(text === undefined ? {} : { lock: text }), 'lock');
}

describe('takeLock', () => {
  it('writes the pid of its process, and removes the file when it is released', () => {
    const file = lockFile();
    const lock = takeLock(file);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(holderOf(file)).toBe(process.pid);
    lock.release();
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  it('throws LockHeld while another lock holds it', () => {
    const file = lockFile();
    const lock = takeLock(file);
    expect(() => takeLock(file)).toThrow(LockHeld);
    expect(() => takeLock(file)).toThrow(`process ${process.pid} writes it (${file})`);
    lock.release();
    takeLock(file).release();
  });

  it.each([
    ['of a process that has ended', () => `${spawnSync('true').pid}\n`],
    ['whose pid another process has now', () => `${process.ppid}\n`],
    ['with its own pid, which containers reuse', () => `${process.pid}\n`],
    ['that is empty', () => ''],
    ['without a number', () => 'garbage\n'],
    ['with a negative number', () => '-1\n'],
  ])('takes over a lock %s', (_what, text) => {
    const file = lockFile(text());
    expect(holderOf(file)).toBeUndefined();
    const lock = takeLock(file);
    expect(holderOf(file)).toBe(process.pid);
    lock.release();
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  it('replaces anything that is not a file', () => {
    const file = lockFile();
    mkdirSync(join(file, 'folder'), { recursive: true });
    takeLock(file).release();
    expect(existsSync(file)).toBe(false);
  });

  it.runIf(isRoot)('takes over a lock whose pid now belongs to a process of another user', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'lock');
    // The pid belongs to this process, which is root's. The lock does not.
    const script = `
      const { writeFileSync } = await import('node:fs');
      const { takeLock } = await import(${JSON.stringify(SOURCE)});
      writeFileSync(${JSON.stringify(file)}, '${process.pid}\\n', { mode: 0o600 });
      takeLock(${JSON.stringify(file)});`;
    spawnSync('chmod', ['777', folder]);
    const { status, stderr } = runScript(script, 65_534);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('is held by one of several processes that request it at once', async () => {
    const folder = temporaryFolder();
    for (let lock = 0; lock < LOCKS; lock += 2) writeFileSync(join(folder, `lock${lock}`), '999999999\n');
    const script = `
      import { takeLock } from ${JSON.stringify(SOURCE)};
      import { once } from 'node:events';
      console.log('{ "ready": true }');
      await once(process.stdin, 'data');
      const taken = [];
      for (let lock = 0; lock < ${LOCKS}; lock += 1) {
        try { takeLock(\`${folder}/lock\${lock}\`); taken.push(lock); } catch (error) {
          if (error.name !== 'LockHeld') throw error;
        }
      }
      console.log(JSON.stringify({ ended: true, taken }));
      process.stdin.resume();`;
    const programs = Array.from({ length: 3 }, () =>
      startTestProgram([process.execPath, '--input-type=module', '--eval', script]),
    );
    const outputs = programs.map(({ stdout, stderr }) => new ProcessLog(stdout, stderr));
    await Promise.all(outputs.map((output) => output.waitFor({ ready: true })));
    for (const { stdin } of programs) stdin.write('go\n');
    const taken = (await Promise.all(outputs.map((output) => output.waitFor({ ended: true })))).flatMap(
      (record) => record['taken'] as number[],
    );
    for (const { stdin } of programs) stdin.end();
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect(taken).toHaveLength(new Set(taken).size);
    expect(taken.length).toBeGreaterThan(LOCKS / 2);
  });
});

describe('release', () => {
  it('may be called twice', () => {
    const file = lockFile();
    const lock = takeLock(file);
    lock.release();
    // Another file may have the same descriptor now.
    const other = takeLock(file);
    lock.release();
    expect(holderOf(file)).toBe(process.pid);
    other.release();
  });

  it('keeps a lock that another process has created meanwhile', () => {
    const file = lockFile();
    const lock = takeLock(file);
    spawnSync('mv', [file, `${file}.away`]);
    const other = takeLock(file);
    lock.release();
    expect(holderOf(file)).toBe(process.pid);
    other.release();
  });
});

function runScript(script: string, uid: number) {
  return spawnSync(
    'setpriv',
    ['--reuid', String(uid), '--clear-groups', process.execPath, '--input-type=module', '--eval', script],
    {
      encoding: 'utf8',
    },
  );
}
