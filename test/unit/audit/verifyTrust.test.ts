import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NoteSigner, parseVkey } from '../../../src/audit/format/signedNote.ts';
import { appendAll, appendSigned, newSigningKey, openLog, ORIGIN, requestRecord } from '../../support/auditLogs.ts';
import { describeKey } from '../../../src/audit/format/verifierKeys.ts';
import { NAME, notes, records, verifyFolder, writeLog } from '../../support/logUnderTest.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const key = newSigningKey();
const own = parseVkey(new NoteSigner(NAME, key).vkey);
const ofWorker = parseVkey(new NoteSigner(`${ORIGIN}/w1`, key).vkey);
const other = new NoteSigner(NAME, newSigningKey());

describe('verifier keys', () => {
  it("from elsewhere are used instead of the log's own key", async () => {
    const { folder, tamper } = await writeLog(key);
    tamper.remove('vkey');
    const keys = [describeKey(own)];
    expect(await verifyFolder(folder, { trusted: [ofWorker, own] })).toMatchObject({
      name: NAME,
      keys,
      problemCount: 0,
    });
  });

  it('are needed for the name of the log', async () => {
    const { folder } = await writeLog(key);
    const report = await verifyFolder(folder, { trusted: [ofWorker] });
    expect(report.messages).toEqual([
      `nothing of it was verified: none of the given verifier keys belongs to ${describeKey(own)}`,
    ]);
    expect(report.proven).toEqual([]);
  });

  it('show that another key has signed, although the vkey file was replaced', async () => {
    const { folder, tamper } = await writeLog(key);
    const trusted = [parseVkey(other.vkey)];
    const report = await verifyFolder(folder, { trusted });
    expect(report.messages.slice(0, 2)).toEqual([
      `the file vkey holds ${describeKey(own)}, which is not one of the keys given`,
      `checkpoint 0 of ${notes(0)}: no key that is trusted has signed it`,
    ]);
    expect(report.proven).toEqual([]);
    tamper.text('vkey', () => `${other.vkey}\n`);
    expect(await verifyFolder(folder, { trusted })).toMatchObject({
      proven: [],
      problemCount: report.problemCount - 1,
    });
  });

  it('are reported if the vkey file differs, or is missing', async () => {
    const { folder, tamper } = await writeLog(key);
    tamper.text('vkey', () => `${other.vkey}\n`);
    expect((await verifyFolder(folder, { trusted: [own] })).messages).toEqual([
      `the file vkey holds ${describeKey(parseVkey(other.vkey))}, which is not one of the keys given`,
    ]);
    tamper.text('vkey', () => 'x\n');
    expect((await verifyFolder(folder)).messages).toEqual([
      expect.stringMatching('^the file vkey: it is not a verifier key'),
      'nothing of it was verified: it has no file vkey that can be used',
    ]);
  });

  it('name the slot of the folder', async () => {
    const { folder } = await writeLog();
    const moved = join(folder, '..', 'w1');
    renameSync(folder, moved);
    expect((await verifyFolder(moved)).messages).toEqual([
      `its name is ${NAME}, but the folder is that of the slot w1`,
    ]);
  });
});

describe('checkpoints kept elsewhere', () => {
  const outcomes = async (folder: string, kept: readonly string[]) =>
    (await verifyFolder(folder, { kept })).kept.map(({ size, failure }) => [size, failure]);

  it('are extended by the log', async () => {
    const { folder, kept } = await writeLog();
    expect(await outcomes(folder, kept.slice(19, 22))).toEqual([
      [191, undefined],
      [200, undefined],
      [201, undefined],
    ]);
  });

  it('show that the end of a log was cut off with its checkpoints', async () => {
    const { folder, tamper, kept } = await writeLog();
    tamper.lines(records(300), (lines) => lines.slice(0, 11));
    tamper.notes(notes(300), (all) => all.slice(0, 2));
    expect((await verifyFolder(folder)).messages).toEqual([]);
    expect(await outcomes(folder, kept.slice(-1))).toEqual([
      [351, 'the log has only 311 of these records: it was truncated'],
    ]);
  });

  it('show that the log was rewritten', async () => {
    const { kept } = await writeLog(key);
    const directory = temporaryFolder();
    const log = openLog(directory, { privateKey: key });
    appendAll(log, [requestRecord({ operation: 'Decrypt' })]);
    await appendSigned(log, 300);
    expect(await verifyFolder(join(directory, 'main'))).toMatchObject({ problemCount: 0 });
    expect(await outcomes(join(directory, 'main'), kept.slice(2, 3))).toEqual([
      [31, 'its records up to there are different'],
    ]);
  });

  it('must be signed, and must belong to this log', async () => {
    const { folder, kept } = await writeLog();
    const forged = (kept[0] ?? '').replace('\n11\n', '\n12\n');
    expect(await outcomes(folder, [forged])).toEqual([[undefined, `its signature of ${NAME} is wrong`]]);
    expect(await outcomes(folder, [new NoteSigner(`${ORIGIN}/w1`, key).sign(`${ORIGIN}/w1\n`)])).toEqual([]);
  });

  it('cannot be compared if records are damaged or were deleted', async () => {
    const { folder, tamper, kept } = await writeLog();
    tamper.lines(records(200), (lines) => lines.toSpliced(20, 1));
    const damaged = 'other problems of the log keep it from being compared';
    expect(await outcomes(folder, kept.slice(23, 25))).toEqual([
      [221, damaged],
      [231, damaged],
    ]);
    tamper.remove(records(0), records(100));
    const deleted = 'the log begins with record 200, so it cannot be compared';
    expect(await outcomes(folder, kept.slice(19, 21))).toEqual([
      [191, deleted],
      [200, undefined],
    ]);
  });
});
