import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BlockList } from '../../../src/blocks/blockList.ts';
import { editBlockList, readBlockList, readVersion, versionOf } from '../../../src/blocks/blockListFile.ts';
import { FollowedBlockList, type FollowOptions } from '../../../src/blocks/followedBlockList.ts';
import { boundByModes } from '../../support/boundByModes.ts';
import { runProgram } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const FOO = { keyStore: 'example', externalKeyId: 'foo' };
const BAR = { keyStore: 'example', externalKeyId: 'bar' };
const ofFoo = BlockList.EMPTY.with(FOO).format();
const ofBoth = BlockList.EMPTY.with(FOO).with(BAR).format();
const SOURCE = join(import.meta.dirname, '../../../src/blocks/blockListFile.ts');
const FOLLOWED = join(import.meta.dirname, '../../../src/blocks/followedBlockList.ts');
// Longer than the interval of any poll.
const A_WHILE_MS = 700;

async function follow(json?: string, options?: FollowOptions) {
  const file = join(temporaryFolder(json === undefined ? {} : { 'blocked.json': json }), 'blocked.json');
  const heard: unknown[] = [];
  const followed = await FollowedBlockList.follow(
    file,
    {
      changed: (changes) => heard.push(changes),
      problem: (problem) => heard.push(problem),
    },
    options,
  );
  onTestFinished(() => {
    followed.stop();
  });
  return { file, heard, followed };
}

/** Runs a script as a user whom file modes restrict. */
function runScript(script: string) {
  const program = boundByModes([process.execPath, '--input-type=module', '--eval', script]);
  return runProgram(program, { limitMs: 60_000 });
}

const blocksBoth = (followed: FollowedBlockList) => expect.poll(() => followed.list.has(FOO) && followed.list.has(BAR));

describe('FollowedBlockList', () => {
  it('blocks nothing without a file, and then applies the first file', async () => {
    const { file, heard, followed } = await follow();
    expect(followed.list.blocks).toEqual([]);
    await editBlockList(file, (list) => list.with(FOO));
    await expect.poll(() => followed.list.has(FOO)).toBe(true);
    expect(heard).toEqual([['key foo of key store example: blocked']]);
  });

  it('applies a file that replaces another, and one that is written in place', async () => {
    const { file, heard, followed } = await follow(ofFoo);
    expect(followed.list.has(FOO)).toBe(true);
    await editBlockList(file, (list) => list.with(BAR));
    await blocksBoth(followed).toBe(true);
    writeFileSync(file, ofFoo);
    await blocksBoth(followed).toBe(false);
    expect(heard).toEqual([['key bar of key store example: blocked'], ['key bar of key store example: unblocked']]);
  });

  it('does not read a file that is still being written', async () => {
    const { file, heard, followed } = await follow(ofFoo, { pollMs: 100, settleMs: 3_000 });
    // Each of these is a whole list for a moment.
    for (const json of [BlockList.EMPTY.format(), ofFoo, BlockList.EMPTY.format(), ofBoth]) {
      writeFileSync(file, json);
      await sleep(20);
    }
    await blocksBoth(followed).toBe(true);
    expect(heard).toEqual([['key bar of key store example: blocked']]);
  });

  it('follows swapped links, as in Kubernetes', async () => {
    const folder = temporaryFolder();
    for (const [version, json] of [
      ['one', ofFoo],
      ['two', ofBoth],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'blocked.json'), json);
    }
    symlinkSync('one', join(folder, '..data'));
    symlinkSync('..data/blocked.json', join(folder, 'blocked.json'));
    const followed = await FollowedBlockList.follow(join(folder, 'blocked.json'), {
      changed: () => undefined,
      problem: () => undefined,
    });
    onTestFinished(() => {
      followed.stop();
    });
    symlinkSync('two', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    await blocksBoth(followed).toBe(true);
  });

  it.each([
    [
      'is not JSON',
      (file: string) => {
        writeFileSync(file, ofFoo.slice(0, -4));
      },
    ],
    [
      'is empty',
      (file: string) => {
        writeFileSync(file, '');
      },
    ],
    [
      'is gone',
      (file: string) => {
        rmSync(file);
      },
    ],
    [
      'is not a regular file',
      (file: string) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])('keeps the blocks of a file that %s, until it can be read again', async (problem, spoil) => {
    const { file, heard, followed } = await follow(ofFoo);
    spoil(file);
    await expect.poll(() => followed.problem).toBe(problem);
    await sleep(A_WHILE_MS);
    expect(followed.list.has(FOO)).toBe(true);
    rmSync(file, { recursive: true, force: true });
    await editBlockList(file, () => BlockList.EMPTY.with(FOO).with(BAR));
    await blocksBoth(followed).toBe(true);
    expect(followed.problem).toBeUndefined();
    expect(heard.filter((each) => each !== 'is gone' || problem === 'is gone')).toEqual([
      problem,
      undefined,
      ['key bar of key store example: blocked'],
    ]);
  });

  it('drops the problem of a removed file that blocked nothing', async () => {
    const { file, followed } = await follow();
    writeFileSync(file, 'nonsense');
    await expect.poll(() => followed.problem).toBe('is not JSON');
    rmSync(file);
    await expect.poll(() => followed.problem).toBeUndefined();
  });

  it('reads a file again after its mode was corrected', async () => {
    const file = join(temporaryFolder({ 'blocked.json': ofFoo }), 'blocked.json');
    const { exitCode, stdout, stderr } = await runScript(`
      import { chmodSync, writeFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { FollowedBlockList } from ${JSON.stringify(FOLLOWED)};
      const file = ${JSON.stringify(file)};
      const observer = { changed: (changes) => console.log(...changes), problem: (problem) => console.log(problem) };
      const followed = await FollowedBlockList.follow(file, observer);
      chmodSync(file, 0o200);
      writeFileSync(file, ${JSON.stringify(ofBoth)});
      while (followed.problem === undefined) await sleep(20);
      chmodSync(file, 0o600);
      while (!followed.list.has(${JSON.stringify(BAR)})) await sleep(20);
      followed.stop();`);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe('cannot be read (EACCES)\nundefined\nkey bar of key store example: blocked\n');
  });

  it('reads a file again although its modification time was kept', async () => {
    const { file, followed } = await follow(ofFoo);
    const { atime, mtime } = statSync(file);
    writeFileSync(file, ofFoo.replace('foo', 'bar'));
    utimesSync(file, atime, mtime);
    await expect.poll(() => followed.list.has(BAR)).toBe(true);
  });

  it('waits for a new file that an editor has not written yet', async () => {
    const { file, heard, followed } = await follow(ofFoo, { settleMs: 3_000 });
    writeFileSync(`${file}.new`, '');
    renameSync(`${file}.new`, file);
    // Long enough for a notification and a poll.
    await sleep(A_WHILE_MS);
    writeFileSync(file, ofBoth);
    await blocksBoth(followed).toBe(true);
    expect(heard).toEqual([['key bar of key store example: blocked']]);
  });

  it.each([
    ['is damaged', '{"blocked": [', 'is not JSON'],
    ['is gone', undefined, 'is gone'],
  ])('begins with the blocks in force elsewhere when the file %s', async (_, json, problem) => {
    const { file, followed } = await follow(json, { inForce: BlockList.EMPTY.with(FOO) });
    expect([followed.list.has(FOO), followed.problem]).toEqual([true, problem]);
    writeFileSync(file, ofBoth);
    await blocksBoth(followed).toBe(true);
    expect(followed.problem).toBeUndefined();
  });

  it('begins with its file, not with the blocks in force elsewhere', async () => {
    const { heard, followed } = await follow(ofFoo, { inForce: BlockList.EMPTY.with(BAR) });
    expect(followed.list.blocks).toEqual([FOO]);
    expect(heard).toEqual([]);
  });

  it('keeps the blocks of a file that disappears between stat and read', async () => {
    let isGone = false;
    const read = (path: string) => (isGone ? Promise.resolve(undefined) : readVersion(path));
    const { file, heard, followed } = await follow(ofFoo, { versions: { current: versionOf, read } });
    isGone = true;
    await editBlockList(file, (list) => list.with(BAR));
    await sleep(A_WHILE_MS);
    expect([followed.list.has(FOO), heard]).toEqual([true, []]);
    isGone = false;
    await blocksBoth(followed).toBe(true);
  });

  it('waits for a hanging file system with only one stat, reports it, and continues when that answers', async () => {
    const answer = Promise.withResolvers<undefined>();
    let looks = 0;
    const current = async (path: string) => {
      looks += 1;
      await answer.promise;
      return versionOf(path);
    };
    const options = { pollMs: 5, answerMs: 50, versions: { current, read: readVersion } };
    const { file, heard, followed } = await follow(ofFoo, options);
    await editBlockList(file, (list) => list.with(BAR));
    await expect.poll(() => heard).toEqual(['cannot be read: its file system does not answer']);
    expect(followed.problem).toBe(heard[0]);
    expect([looks, followed.list.has(FOO)]).toEqual([1, true]);
    answer.resolve(undefined);
    await blocksBoth(followed).toBe(true);
    await expect.poll(() => followed.problem).toBeUndefined();
    expect(heard).toContain(undefined);
  });

  it('refuses to begin with an unreadable list', async () => {
    await expect(follow('nonsense')).rejects.toThrow('is not JSON');
  });
});

describe('editBlockList', () => {
  it('loses none of many concurrent blocks', async () => {
    const file = join(temporaryFolder(), 'blocked.json');
    const blocks = Array.from({ length: 20 }, (_, index) => ({ keyStore: 'example', externalKeyId: `key-${index}` }));
    await Promise.all(blocks.map((block) => editBlockList(file, (list) => list.with(block))));
    expect((await readBlockList(file)).blocks).toHaveLength(20);
    expect(readdirSync(join(file, '..'))).toEqual(['blocked.json']);
  });

  it('reports that a block is in force in a folder that its user may not read', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o300);
    onTestFinished(() => {
      chmodSync(folder, 0o700);
    });
    const { stdout, stderr } = await runScript(`
      import { editBlockList } from ${JSON.stringify(SOURCE)};
      console.log(await editBlockList(${JSON.stringify(join(folder, 'blocked.json'))}, (list) => list.with({ keyStore: 'example' })));`);
    expect([stdout, stderr]).toEqual(['true\n', '']);
  });

  it('writes no list that is too large to read', async () => {
    const file = join(temporaryFolder(), 'blocked.json');
    const blocks = Array.from({ length: 20_000 }, (_, index) => ({
      keyStore: 'example',
      externalKeyId: `key-${index}`,
    }));
    await expect(
      editBlockList(file, () => new BlockList(blocks.map((block) => ({ ...block, by: 'x'.repeat(100) })))),
    ).rejects.toThrow('has no room');
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });
});
