import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NoteSigner } from '../../../src/audit/format/signedNote.ts';
import { appendAll, newSigningKey, openLog, requestRecord } from '../../support/auditLogs.ts';
import { NAME, notes, records, verifyFolder, writeLog } from '../../support/logUnderTest.ts';
import { changed, doubled, swapped } from '../../support/tamper.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const renumber = (by: number) => (line: string) => line.replace(/\d+/, (index) => String(Number(index) + by));

describe('an unchanged log', () => {
  it('is valid', async () => {
    const { folder, log } = await writeLog();
    log.close();
    expect(await verifyFolder(folder)).toMatchObject({
      folder: 'main',
      kind: 'open',
      slot: 'main',
      name: NAME,
      records: 352,
      firstIndex: 0,
      signedRecords: 352,
      unsigned: 0,
      segments: 4,
      checkpoints: 39,
      lastCheckpoint: expect.stringMatching(`^${NAME}\n352\n`) as string,
      tornBytes: 0,
      tornCheckpointBytes: 0,
      writer: undefined,
      proven: [{ from: 0, to: 351 }],
      problemCount: 0,
    });
  });

  it('may be copied to a folder with another name', async () => {
    const { folder } = await writeLog();
    renameSync(folder, `${folder}-copy`);
    expect(await verifyFolder(`${folder}-copy`)).toMatchObject({ folder: 'main-copy', slot: 'main', problemCount: 0 });
  });

  it('may be empty', async () => {
    const folder = temporaryFolder({ vkey: `${new NoteSigner(NAME, newSigningKey()).vkey}\n` });
    expect(await verifyFolder(folder)).toMatchObject({ name: NAME, records: 0, proven: [], problemCount: 0 });
  });
});

describe('records', () => {
  it.each<[string, (lines: readonly string[]) => readonly string[], string[], number]>([
    [
      'changed',
      (lines) => changed(lines, 42, (line) => line.replace('foo', 'bar')),
      [
        'one or more of the records 141 to 150 were changed: the tree is not the one that the checkpoint of size 151 signs',
      ],
      140,
    ],
    [
      'changed between two checkpoints that lie side by side',
      (lines) => changed(lines, 0, (line) => line.replace('foo', 'bar')),
      ['record 100 was changed: the tree is not the one that the checkpoint of size 101 signs'],
      99,
    ],
    ['removed', (lines) => lines.toSpliced(42, 1), ['record 142 is missing'], 140],
    ['removed, several', (lines) => lines.toSpliced(42, 20), ['records 142 to 161 are missing'], 140],
    [
      'removed, and the others renumbered',
      (lines) => [...lines.slice(0, 42), ...lines.slice(43).map(renumber(-1))],
      [
        'one or more of the records 141 to 150 were changed: the tree is not the one that the checkpoint of size 151 signs',
        'record 199 is missing',
      ],
      140,
    ],
    ['swapped', (lines) => swapped(lines, 42, 43), ['records 142 to 143 stand in the wrong order'], 140],
    [
      'swapped over a distance',
      (lines) => swapped(lines, 42, 63),
      [
        'record 142 is not at its place: the line there says that it is record 163',
        'record 142 stands at a wrong place, behind record 162',
        'record 163 is missing',
      ],
      140,
    ],
    ['doubled', (lines) => doubled(lines, 42), ['record 142 stands twice'], 140],
    [
      'given another index',
      (lines) => changed(lines, 42, renumber(1_000_000)),
      ['record 142 is not at its place: the line there says that it is record 1000142'],
      140,
    ],
    [
      'made unreadable',
      (lines) => changed(lines, 42, () => 'x'),
      ['record 142 cannot be recognized: the line at its place does not begin with an index and a type'],
      140,
    ],
    [
      'made too long',
      (lines) => changed(lines, 42, (line) => line.replace('}', `,"pad":"${'x'.repeat(70_000)}"}`)),
      ['record 142 is longer than 65535 bytes'],
      140,
    ],
    [
      'made much too long',
      (lines) => changed(lines, 42, (line) => line.replace('}', `,"pad":"${'x'.repeat(3_000_000)}"}`)),
      ['record 142 is longer than 65535 bytes'],
      140,
    ],
    ['truncated', (lines) => lines.slice(0, 42), ['records 142 to 199 are missing'], 140],
    [
      'added',
      (lines) => [...lines, ...lines.slice(-1).map(renumber(1))],
      ['record 200 stands at the end of the segment before its own, too'],
      199,
    ],
  ])('that were %s are found, and the other segments are proven', async (_what, edit, messages, provenTo) => {
    const { folder, tamper } = await writeLog();
    tamper.lines(records(100), edit);
    const report = await verifyFolder(folder);
    expect(report.messages).toEqual(messages);
    const proven = [
      { from: 0, to: provenTo },
      { from: 200, to: 350 },
    ];
    expect(report.proven).toEqual(proven);
  });

  it.each([
    ['lines', 12, 'records 312 to 350 are missing: the log was signed with 351 records, so it was truncated'],
    ['all', 0, 'records 300 to 350 are missing: the log was signed with 351 records, so it was truncated'],
  ])('that were cut off at the end of the log are found: %s', async (_what, left, message) => {
    const { folder, tamper } = await writeLog();
    tamper.lines(records(300), (lines) => lines.slice(0, left));
    expect((await verifyFolder(folder)).messages).toEqual([message]);
  });

  it('are reported with numbers for programs', async () => {
    const { folder, tamper } = await writeLog();
    tamper.lines(records(100), (lines) => swapped(lines.toSpliced(90, 1), 42, 43));
    expect((await verifyFolder(folder)).problems).toMatchObject([{ from: 142, to: 143 }, { index: 190 }]);
  });

  it('get a bounded report if all are wrong', async () => {
    const { folder, tamper } = await writeLog();
    for (const first of [0, 100, 200, 300]) tamper.lines(records(first), (lines) => lines.map(() => 'x'));
    const { problems, problemCount, proven } = await verifyFolder(folder);
    expect([problems.length, problemCount, proven]).toEqual([100, 351, []]);
  });
});

describe('segments', () => {
  it.each([
    ['its records', [records(100)]],
    ['all its files', [records(100), notes(100)]],
  ])('that are missing are found: %s', async (_what, files) => {
    const { folder, tamper } = await writeLog();
    tamper.remove(...files);
    const report = await verifyFolder(folder);
    expect(report.messages[0]).toBe('records 100 to 199 are missing');
    expect(report.proven[0]).toEqual({ from: 0, to: 99 });
    // If the checkpoint of size 200 is also lost, nothing signed shows how the next segment begins.
    expect(report.proven.slice(1)).toEqual(files.length === 1 ? [{ from: 200, to: 350 }] : [{ from: 300, to: 350 }]);
  });

  it('that are missing at the end are found', async () => {
    const { folder, tamper } = await writeLog();
    tamper.remove(records(300));
    expect((await verifyFolder(folder)).messages).toEqual([
      'records 300 to 350 are missing: the log was signed with 351 records, so it was truncated',
    ]);
  });

  it('that are all missing are found', async () => {
    const { folder, tamper } = await writeLog();
    tamper.remove(...[0, 100, 200, 300].map(records));
    expect(await verifyFolder(folder)).toMatchObject({ proven: [], records: 0, problemCount: 4 });
  });
});

describe('the remains of a crash', () => {
  it('are reported, and are not a failure', async () => {
    const { folder, tamper, log } = await writeLog();
    appendAll(log, [requestRecord(), requestRecord()]);
    log.abandon();
    tamper.text(records(300), (text) => `${text}{"index":353,"ty`);
    tamper.text(notes(300), (text) => `${text}${NAME}\n35`);
    tamper.text('ranges', (text) => `${text}40`);
    writeFileSync(join(folder, 'lock'), '4194305\n');
    expect(await verifyFolder(folder)).toMatchObject({
      records: 353,
      signedRecords: 351,
      unsigned: 2,
      unsignedSince: '2026-11-26T19:00:00.000Z',
      tornBytes: 16,
      tornCheckpointBytes: NAME.length + 3,
      writer: 'stale',
      proven: [{ from: 0, to: 350 }],
      problemCount: 0,
    });
  });

  it('are a failure inside the log', async () => {
    const { folder, tamper } = await writeLog();
    tamper.text(records(100), (text) => `${text}{"index":2`);
    expect((await verifyFolder(folder)).messages).toEqual([
      'the segment before record 200 ends in 10 bytes that are no whole line',
    ]);
  });

  it('are a failure if they are longer than those that a proxy leaves', async () => {
    const { folder, log } = await writeLog();
    const times = ['2026-11-26T19:00:00.000Z', '2026-11-26T20:59:00.000Z'];
    appendAll(
      log,
      times.map((time) => requestRecord({ time })),
    );
    expect(await verifyFolder(folder)).toMatchObject({ unsigned: 2, unsignedSince: times[0], problemCount: 0 });
    appendAll(log, [requestRecord({ time: '2026-11-27T01:30:00.000Z' })]);
    expect((await verifyFolder(folder)).messages).toEqual([
      'records from 351 on are not signed, for 6 hours: checkpoints are missing',
    ]);
  });

  it('are a failure if they are not JSON', async () => {
    const { folder, tamper, log } = await writeLog();
    log.abandon();
    tamper.text(records(300), (text) => `${text}{"index":351,"type":"request",}\n`);
    expect((await verifyFolder(folder)).messages).toEqual(['record 351 is not JSON, and no checkpoint signs it']);
  });
});

describe('a growing log', () => {
  it('is valid at each moment', async () => {
    const directory = temporaryFolder();
    const log = openLog(directory, { segmentRecords: 20_000 });
    const batch = Array.from({ length: 100 }, () => requestRecord());
    for (let count = 0; count < 400; count += 1) appendAll(log, batch);
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
      for (let count = 0; count < 250; count += 1) appendAll(log, batch);
      await log.checkpoint();
    };
    expect(await verifyFolder(join(directory, 'main'), { pause })).toMatchObject({ problemCount: 0 });
    expect(pauses).toBeGreaterThan(1);
    expect(await verifyFolder(join(directory, 'main'))).toMatchObject({ problemCount: 0, unsigned: 0 });
    log.abandon();
  });
});
