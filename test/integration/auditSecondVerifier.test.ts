import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseTreeHead } from '../../src/audit/format/treeHead.ts';
import { records, notes, verifyFolder, writeLog } from '../support/logUnderTest.ts';
import { runProgram } from '../support/runProgram.ts';
import { changed } from '../support/tamper.ts';

const VERIFIER = join(import.meta.dirname, '../audit/verify.py');

const findings = z.strictObject({
  name: z.string(),
  records: z.number(),
  checkpoints: z.number(),
  signed: z.number(),
  signatures: z.number(),
  root: z.string(),
  problems: z.array(z.string()),
});

/**
 * Findings of the second verifier, which is written in Python and shares no code with the proxy, about a log's folder.
 */
async function verifyIndependently(folder: string): Promise<{ exitCode: number; found: z.infer<typeof findings> }> {
  const { exitCode, stdout, stderr } = await runProgram(['python3', VERIFIER, folder]);
  if (stdout === '') throw new Error(stderr);
  return { exitCode, found: findings.parse(JSON.parse(stdout)) };
}

describe('a second verifier', () => {
  it('accepts a log of the writer, with the same root and all signatures', async () => {
    const { folder, log } = await writeLog();
    log.close();
    const { lastCheckpoint = '', name, records: count } = await verifyFolder(folder);
    const head = parseTreeHead(lastCheckpoint.slice(0, lastCheckpoint.indexOf('\n\n') + 1));
    expect(await verifyIndependently(folder)).toEqual({
      exitCode: 0,
      found: {
        name,
        records: count,
        checkpoints: 39,
        signed: 352,
        signatures: 39,
        root: head?.root.toString('base64'),
        problems: [],
      },
    });
  });

  it('reports that nothing is signed, if all checkpoints were deleted', async () => {
    const { folder, tamper } = await writeLog();
    tamper.remove(notes(0), notes(100), notes(200), notes(300));
    expect(await verifyIndependently(folder)).toMatchObject({
      exitCode: 0,
      found: { signed: 0, problems: [] },
    });
  });

  it('finds a changed record and a changed checkpoint', async () => {
    const { folder, tamper } = await writeLog();
    tamper.lines(records(300), (lines) => changed(lines, 42, (line) => line.replace('success', 'failure')));
    tamper.notes(notes(0), (all) => changed(all, 3, (note) => note.replace(/.....=\n$/, 'AAAAA=\n')));
    expect(await verifyIndependently(folder)).toMatchObject({
      exitCode: 1,
      found: { problems: ['the root of size 351 is another', 'the signature of size 41 is wrong'] },
    });
  });
});
