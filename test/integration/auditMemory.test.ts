import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLog, requestRecord } from '../support/auditLogs.ts';
import { runCommand } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const RECORDS = 300_000;
const BATCH = 2_000;
// All records together have 180 MB.
const HEAP = '--max-old-space-size=64 --max-semi-space-size=8';

it('more records than fit into memory can be verified', async () => {
  const directory = temporaryFolder();
  const log = openLog(directory);
  const batch = Array.from({ length: BATCH }, (_, index) => JSON.stringify(requestRecord({ durationMs: index })));
  while (log.size < RECORDS) {
    const { failure } = log.append(batch.slice(0, RECORDS - log.size));
    if (failure) throw failure;
    await log.checkpoint();
  }
  log.abandon();

  const args = ['audit', 'verify', join(directory, 'main'), '--json'];
  const { exitCode, stdout } = await runCommand(args, { NODE_OPTIONS: HEAP });
  expect(JSON.parse(stdout)).toMatchObject({
    good: true,
    logs: [{ records: RECORDS, signedRecords: RECORDS, segments: 2, proven: [{ from: 0, to: RECORDS - 1 }] }],
  });
  expect(exitCode).toBe(0);
});
