import { describe, expect, it } from 'vitest';
import { CompactRange, leafHash } from '../../../src/audit/format/compactRange.ts';
import { NoteSigner } from '../../../src/audit/format/signedNote.ts';
import { formatTreeHead } from '../../../src/audit/format/treeHead.ts';
import { newSigningKey, ORIGIN } from '../../support/auditLogs.ts';
import { NAME, notes, records, verifyFolder, writeLog } from '../../support/logUnderTest.ts';
import { changed, doubled, swapped, type Tamperer } from '../../support/tamper.ts';

const key = newSigningKey();

describe('checkpoints', () => {
  const place = (text: string) => `checkpoint 3 of ${notes(100)}: ${text}`;
  const unordered = (size: number) =>
    `it has size ${size}, which is not greater than the size before it: repeated or out of order`;

  it.each<[string, (all: readonly string[]) => readonly string[], string[]]>([
    [
      'changed',
      (all) => changed(all, 3, (note) => note.replace('\n131\n', '\n132\n')),
      [place(`its signature of ${NAME} is wrong`)],
    ],
    [
      'made unreadable',
      (all) => changed(all, 3, (note) => note.replace('\u2014', '-')),
      [place('one of its signature lines has another form')],
    ],
    ['swapped', (all) => swapped(all, 2, 3), [place(unordered(121))]],
    ['doubled', (all) => doubled(all, 2), [place(unordered(121))]],
    [
      'signed by another key of that name',
      (all) =>
        changed(all, 3, (note) => new NoteSigner(NAME, newSigningKey()).sign(note.slice(0, note.indexOf('\n\n') + 1))),
      [place('no key that is trusted has signed it')],
    ],
    [
      'signed over another tree',
      (all) => changed(all, 3, () => signTree(131)),
      ['the checkpoint of size 131 signs another tree than the one of size 141'],
    ],
    [
      'of another segment',
      (all) => [...all.slice(0, 3), signTree(210), ...all.slice(4)],
      [place('it has size 210, but its segment ends at 200')],
    ],
    [
      'of another log',
      (all) => changed(all, 3, () => signTree(131, `${ORIGIN}/w1`)),
      [place(`it is one of another log, ${ORIGIN}/w1`)],
    ],
    ['truncated', (all) => all.slice(0, 5), ['the line of size 200 in ranges has no signed checkpoint of that size']],
  ])('that were %s are found, and the records are proven', async (_what, edit, messages) => {
    const { folder, tamper } = await writeLog(key);
    tamper.notes(notes(100), edit);
    const report = await verifyFolder(folder);
    expect(report.messages).toEqual(messages);
    expect(report.proven).toEqual([{ from: 0, to: 350 }]);
  });

  it('that were thinned are not a failure', async () => {
    const { folder, tamper } = await writeLog(key);
    tamper.notes(notes(100), (all) => all.slice(-1));
    expect(await verifyFolder(folder)).toMatchObject({ problemCount: 0, proven: [{ from: 0, to: 350 }] });
  });

  it('that are torn inside the log are a failure', async () => {
    const { folder, tamper } = await writeLog(key);
    tamper.text(notes(100), (text) => text.slice(0, -1));
    expect((await verifyFolder(folder)).messages).toEqual([
      `the last checkpoint of ${notes(100)} is torn`,
      'the line of size 200 in ranges has no signed checkpoint of that size',
    ]);
  });

  it('are refused without being read into memory', async () => {
    const { folder, tamper } = await writeLog(key);
    tamper.text(notes(100), () => 'x'.repeat(1_000_000));
    expect((await verifyFolder(folder)).messages).toEqual([
      `checkpoint 0 of ${notes(100)}: it is not a signed note`,
      'the line of size 200 in ranges has no signed checkpoint of that size',
    ]);
  });
});

function signTree(size: number, origin = NAME): string {
  return new NoteSigner(NAME, key).sign(formatTreeHead({ origin, size, root: leafHash('another') }));
}

describe('ranges', () => {
  const other = (size: number): string => {
    const range = new CompactRange();
    for (let index = 0; index < size; index += 1) range.append(leafHash(String(index)));
    return range.toString();
  };

  it.each<[string, (lines: readonly string[]) => readonly string[], string[]]>([
    [
      'changed',
      (lines) => changed(lines, 1, () => other(200)),
      ['the line of size 200 in ranges is not that of the records'],
    ],
    ['removed', (lines) => lines.toSpliced(1, 1), ['the line of size 200 in ranges is missing']],
    [
      'added',
      (lines) => lines.toSpliced(1, 0, other(150)),
      ['the line of size 150 in ranges is of no segment that is there'],
    ],
    [
      'made unreadable',
      (lines) => changed(lines, 1, (line) => line.slice(1)),
      [
        'line 2 of ranges is no compact range, or not behind a smaller one',
        'the line of size 200 in ranges is missing',
      ],
    ],
    ['doubled', (lines) => doubled(lines, 1), ['line 3 of ranges is no compact range, or not behind a smaller one']],
  ])('%s: the line is reported, and the records are proven', async (_what, edit, messages) => {
    const { folder, tamper } = await writeLog();
    tamper.lines('ranges', edit);
    const report = await verifyFolder(folder);
    expect(report.messages).toEqual(messages);
    expect(report.proven).toEqual([{ from: 0, to: 350 }]);
  });
});

describe('a log whose first segments were deleted', () => {
  async function writePruned(): Promise<{ folder: string; tamper: Tamperer }> {
    const { folder, tamper } = await writeLog();
    tamper.remove(records(0), records(100), notes(0));
    tamper.notes(notes(100), (all) => all.slice(-1));
    return { folder, tamper };
  }

  it('is verified from the first remaining segment', async () => {
    const { folder } = await writePruned();
    expect(await verifyFolder(folder)).toMatchObject({
      records: 151,
      firstIndex: 200,
      segments: 2,
      proven: [{ from: 200, to: 350 }],
      problemCount: 0,
    });
  });

  it('has no proven record if only the checkpoint before its first record is left', async () => {
    const { folder, tamper, kept } = await writeLog();
    tamper.remove(records(0), records(100), records(200), notes(300));
    const report = await verifyFolder(folder, { kept: kept.filter((note) => note.includes('\n300\n')) });
    expect(report).toMatchObject({ firstIndex: 300, unsigned: 51, proven: [], extended: [300], messages: [] });
  });

  const WHY =
    'records from 200 on could not be verified: ranges has no line of that size with the root of a signed checkpoint';

  it('cannot be verified without a signed checkpoint', async () => {
    const { folder, tamper } = await writePruned();
    tamper.remove(notes(100));
    const report = await verifyFolder(folder);
    expect(report.messages).toEqual([WHY, 'the line of size 200 in ranges has no signed checkpoint of that size']);
    expect(report.proven).toEqual([{ from: 300, to: 350 }]);
  });

  it('cannot be verified if the line of that segment has another root', async () => {
    const { folder, tamper } = await writePruned();
    tamper.lines('ranges', (lines) =>
      changed(lines, 1, (line) => line.replace(/ ./, (text) => (text === ' A' ? ' B' : ' A'))),
    );
    expect((await verifyFolder(folder)).messages).toEqual([
      WHY,
      'the line of size 200 in ranges has another root than the checkpoint of that size',
    ]);
  });
});
