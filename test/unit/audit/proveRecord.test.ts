import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../src/audit/format/compactRange.ts';
import { findLogs } from '../../../src/audit/format/findLogs.ts';
import { ProofFailure, proveRecord, type ProvenRecord } from '../../../src/audit/verify/proveRecord.ts';
import { parseTlogProof } from '../../../src/audit/format/tlogProof.ts';
import { appendAll, requestRecord } from '../../support/auditLogs.ts';
import { NAME, notes, records, writeLog } from '../../support/logUnderTest.ts';
import { rootOfPath } from '../../support/merkleTree.ts';
import { changed } from '../../support/tamper.ts';

function prove(folder: string, index: number): Promise<ProvenRecord> {
  const [log] = findLogs(folder);
  if (!log) throw new Error(`there is no log in ${folder}`);
  return proveRecord(log, index, () => Promise.resolve());
}

/** Whether a proof is valid by RFC 9162. */
function isGood({ index, head, record, proof }: ProvenRecord): boolean {
  const hashes = parseTlogProof(proof)?.hashes ?? [];
  return rootOfPath(leafHash(record), index, head.size, hashes)?.equals(head.root) ?? false;
}

describe('proveRecord', () => {
  it.each([0, 1, 99, 100, 142, 199, 200, 300, 350])('proves record %i by the newest checkpoint', async (index) => {
    const { folder } = await writeLog();
    const proven = await prove(folder, index);
    expect(proven.record.toString()).toMatch(`{"index":${index},"type":"`);
    expect(proven.head).toMatchObject({ origin: NAME, size: 351 });
    expect(isGood(proven)).toBe(true);
  });

  it.each([200, 256, 299, 300, 350])('proves record %i after earlier segments were deleted', async (index) => {
    const { folder, tamper } = await writeLog();
    tamper.remove(records(0), records(100), notes(0));
    tamper.notes(notes(100), (all) => all.slice(-1));
    expect(isGood(await prove(folder, index))).toBe(true);
    const failure = new ProofFailure('record 199 was deleted: the first one that exists is 200');
    await expect(prove(folder, 199)).rejects.toThrow(failure);
  });

  it('refuses a record that is not signed yet', async () => {
    const { folder, log } = await writeLog();
    appendAll(log, [requestRecord()]);
    await expect(prove(folder, 351)).rejects.toThrow(
      new ProofFailure(
        'the newest checkpoint covers records 0 to 350: record 351 does not exist, or is not signed yet',
      ),
    );
  });

  it('makes no proof that would be invalid', async () => {
    const { folder, tamper } = await writeLog();
    const damaged = 'the records do not fit the newest checkpoint: run `audit verify`, which says what is wrong';
    tamper.lines(records(300), (lines) => changed(lines, 42, (line) => line.replace('foo', 'bar')));
    await expect(prove(folder, 342)).rejects.toThrow(new ProofFailure(damaged));
    await expect(prove(folder, 0)).rejects.toThrow(new ProofFailure(damaged));
  });

  it.each<[string, (note: string) => string, string]>([
    [
      'not signed',
      (note) => note.replace('\n351\n', '\n352\n'),
      `its newest checkpoint: its signature of ${NAME} is wrong`,
    ],
    [
      'of no known key',
      (note) => note.replace(`\u2014 ${NAME}`, '\u2014 other'),
      'its newest checkpoint: no key that is trusted has signed it',
    ],
  ])('needs a checkpoint: one that is %s is refused', async (_what, edit, message) => {
    const { folder, tamper } = await writeLog();
    tamper.notes(notes(300), (all) => changed(all, all.length - 1, edit));
    await expect(prove(folder, 342)).rejects.toThrow(new ProofFailure(message));
  });

  it('needs at least one checkpoint', async () => {
    const { folder, tamper } = await writeLog();
    tamper.remove(...[0, 100, 200, 300].map(notes));
    await expect(prove(folder, 1)).rejects.toThrow(new ProofFailure('the log has no checkpoint'));
  });
});
