import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/audit/log/logWriter.ts';
import { NoteSigner, parseVkey } from '../../../src/audit/format/signedNote.ts';
import { verifyLogs, type VerifyLogsOptions } from '../../../src/audit/verify/verifyLogs.ts';
import { appendAll, appendSigned, newSigningKey, openLog, ORIGIN } from '../../support/auditLogs.ts';
import { notes, records } from '../../support/logUnderTest.ts';
import { changed, Tamperer } from '../../support/tamper.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const key = newSigningKey();

async function verify(directory: string, options: Partial<VerifyLogsOptions> = {}) {
  const none = { trusted: undefined, kept: [], pause: () => Promise.resolve() };
  const { logs, ...report } = await verifyLogs(directory, { ...none, ...options });
  const messages = logs.map(({ folder, problems }) => [folder, ...problems.map(({ message }) => message)]);
  return { ...report, messages };
}

async function writeSlot(
  directory: string,
  slot: string,
  size: number,
  privateKey = key,
  segmentRecords = 250_000,
): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  const onCheckpoint = (checkpoint: Checkpoint) => checkpoints.push(checkpoint);
  const log = openLog(directory, { slot, privateKey, segmentRecords, onCheckpoint });
  await appendSigned(log, size);
  log.abandon();
  return checkpoints;
}

/** A supervisor's log that holds the starts of workers, and checkpoints of the log of worker 1, or of another slot. */
function writeSupervisor(
  directory: string,
  checkpoints: readonly Checkpoint[],
  slot = 'w1',
  started: readonly string[] = [],
): void {
  const log = openLog(directory, { privateKey: key });
  appendAll(
    log,
    started.map((worker) => ({ type: 'start', time: '2026-11-26T19:00:00.000Z', slot: worker })),
  );
  const type = 'checkpoint';
  appendAll(
    log,
    checkpoints.map(({ note, size }) => ({
      type,
      time: '2026-11-26T19:00:00.000Z',
      log: `${ORIGIN}/${slot}`,
      size,
      note,
    })),
  );
  log.close();
}

function asideOf(directory: string): string {
  return readdirSync(directory).find((name) => name.includes('.')) ?? '';
}

describe('the logs of a host', () => {
  it('are verified together', async () => {
    const directory = temporaryFolder();
    writeSupervisor(directory, (await writeSlot(directory, 'w1', 50)).slice(0, 3));
    expect(await verify(directory)).toEqual({ good: true, problems: [], notes: [], messages: [['main'], ['w1']] });
  });

  it.each([
    ['a worker’s log', 'w1'],
    ['the log of commands', 'cli'],
  ])('show that %s was truncated together with its checkpoints', async (_what, slot) => {
    const directory = temporaryFolder();
    writeSupervisor(directory, await writeSlot(directory, slot, 50), slot);
    const tamper = new Tamperer(join(directory, slot));
    tamper.lines(records(0), (lines) => lines.slice(0, 21));
    tamper.notes(notes(0), (all) => all.slice(0, 2));
    const why = 'the log has only 21 of these records: it was truncated';
    expect(await verify(directory)).toMatchObject({
      good: false,
      problems: [`${ORIGIN}/${slot} does not extend the checkpoint of size 51, which is recorded in main: ${why}`],
      messages: [['main'], [slot]],
    });
    expect(await verify(join(directory, slot))).toMatchObject({ good: true });
  });

  it('show that a worker’s log was truncated, even if it continued', async () => {
    const directory = temporaryFolder();
    const before = await writeSlot(directory, 'w1', 50);
    const tamper = new Tamperer(join(directory, 'w1'));
    tamper.lines(records(0), (lines) => lines.slice(0, 21));
    tamper.notes(notes(0), (all) => all.slice(0, 2));
    const after = await writeSlot(directory, 'w1', 10);
    writeSupervisor(directory, [...before, ...after]);
    const why = 'the log has only 32 of these records: it was truncated';
    expect((await verify(directory)).problems).toEqual([
      `${ORIGIN}/w1 does not extend the checkpoint of size 51, which is recorded in main: ${why}`,
    ]);
  });

  it('may have been pruned after a checkpoint that another log has recorded', async () => {
    const directory = temporaryFolder();
    const [early = { note: '', size: 0 }, atEnd] = await writeSlot(directory, 'w1', 50, key, 20);
    expect(atEnd?.size).toBe(20);
    writeSupervisor(directory, [early]);
    // As `audit prune` does, which keeps the checkpoint with which verification begins.
    rmSync(join(directory, 'w1', records(0)));
    new Tamperer(join(directory, 'w1')).notes(notes(0), (all) => all.slice(-1));
    expect(await verify(directory)).toMatchObject({
      good: true,
      notes: [
        `${ORIGIN}/w1 does not extend the checkpoint of size 11, which is recorded in main: ` +
          'the log begins with record 20, so it cannot be compared',
      ],
    });
  });

  it('do not extend a checkpoint of deleted records that was kept elsewhere, which may be left out', async () => {
    const directory = temporaryFolder();
    const kept = (await writeSlot(directory, 'main', 50, key, 20)).map(({ note }) => note);
    rmSync(join(directory, 'main', records(0)));
    const why = 'the log begins with record 20, so it cannot be compared; leave it out if you have pruned the log';
    expect((await verify(directory, { kept })).problems).toEqual([
      `${ORIGIN}/main does not extend the checkpoint of size 11, which was kept elsewhere: ${why}`,
    ]);
    expect((await verify(directory, { kept: kept.slice(1) })).problems).toEqual([]);
  });

  it('show that a worker’s log is missing', async () => {
    const directory = temporaryFolder();
    writeSupervisor(directory, await writeSlot(directory, 'w1', 10));
    rmSync(join(directory, 'w1'), { recursive: true });
    const why = 'there is no log of that name here';
    expect((await verify(directory)).problems).toEqual([
      `${ORIGIN}/w1 does not extend the checkpoint of size 11, which is recorded in main: ${why}`,
    ]);
  });

  it('must extend all checkpoints that were kept elsewhere', async () => {
    const directory = temporaryFolder();
    const kept = (await writeSlot(directory, 'w1', 50)).map(({ note }) => note);
    writeSupervisor(directory, []);
    expect(await verify(directory, { kept })).toMatchObject({ good: true });
    const another = new NoteSigner('xks.example.com/proxy-2/w1', key).sign('xks.example.com/proxy-2/w1\n7\nroot\n');
    expect((await verify(directory, { kept: [another] })).problems).toEqual([
      'xks.example.com/proxy-2/w1 does not extend the checkpoint of size 7, which was kept elsewhere: there is no log of that name here',
    ]);
  });

  it('report checkpoints of a log that fail for one reason as one problem', async () => {
    const directory = temporaryFolder();
    const kept = (await writeSlot(directory, 'w1', 50)).map(({ note }) => note);
    await writeSlot(directory, 'w2', 10);
    writeSupervisor(directory, []);
    rmSync(join(directory, 'w1'), { recursive: true });
    const why = 'there is no log of that name here';
    expect((await verify(directory, { kept })).problems).toEqual([
      `${ORIGIN}/w1 does not extend the checkpoint of size 11, which was kept elsewhere: ${why} (4 more of its checkpoints likewise)`,
    ]);
  });

  it('note the keys whose logs are missing', async () => {
    const directory = temporaryFolder();
    await writeSlot(directory, 'w1', 10);
    await writeSlot(directory, 'cli', 10);
    writeSupervisor(directory, [], 'w1', ['w1', 'w2']);
    const trusted = ['main', 'w1', 'cli', 'w2'].map((slot) => parseVkey(new NoteSigner(`${ORIGIN}/${slot}`, key).vkey));
    rmSync(join(directory, 'cli'), { recursive: true });
    const absent = [`there is no log here of ${ORIGIN}/cli, ${ORIGIN}/w2: deleted, or never begun`];
    expect(await verify(directory, { trusted })).toMatchObject({ good: true, notes: absent });
    expect(await verify(join(directory, 'w1'), { trusted })).toMatchObject({ good: true, notes: [] });
  });

  it('need not include a worker that the supervisor never started', async () => {
    const directory = temporaryFolder();
    await writeSlot(directory, 'w1', 10);
    writeSupervisor(directory, [], 'w1', ['w1']);
    const names = [`${ORIGIN}/main`, `${ORIGIN}/w1`, `${ORIGIN}/w2`, 'xks.example.com/proxy-2/w2'];
    const trusted = names.map((name) => parseVkey(new NoteSigner(name, key).vkey));
    expect((await verify(directory, { trusted })).notes).toEqual([
      'there is no log here of xks.example.com/proxy-2/w2: deleted, or never begun',
    ]);
  });

  it('include the supervisor’s log if there is a worker’s', async () => {
    const directory = temporaryFolder();
    await writeSlot(directory, 'w1', 10);
    await writeSlot(directory, 'w2', 10);
    await writeSlot(directory, 'cli', 10);
    const why = 'which every proxy with worker processes writes: it was deleted, or not copied';
    expect(await verify(directory)).toMatchObject({
      good: false,
      problems: [`there is no log main here beside w1, w2, ${why}`],
    });
    expect(await verify(join(directory, 'w1'))).toMatchObject({ good: true });
  });

  it('are proven by the checkpoints that the supervisor has recorded, if their own were deleted', async () => {
    const directory = temporaryFolder();
    writeSupervisor(directory, await writeSlot(directory, 'w1', 50));
    rmSync(join(directory, 'w1', notes(0)));
    const { logs } = await verifyLogs(directory, { trusted: undefined, kept: [], pause: () => Promise.resolve() });
    expect(logs).toMatchObject([{}, { problemCount: 0, unsigned: 0, proven: [{ from: 0, to: 50 }] }]);
  });

  it('have a note without any checkpoint', async () => {
    const directory = temporaryFolder();
    await writeSlot(directory, 'cli', 50);
    rmSync(join(directory, 'cli', notes(0)));
    const why = 'they were deleted, or the process had just begun';
    const note = `cli has no checkpoints (${why}), so its records prove nothing`;
    expect(await verify(directory)).toMatchObject({ good: true, notes: [note] });
  });
});

describe('a log that was closed because the key changed', () => {
  async function writeClosed(): Promise<{ directory: string; closed: string; vkeys: string[] }> {
    const directory = temporaryFolder();
    const other = newSigningKey();
    writeSupervisor(directory, await writeSlot(directory, 'w1', 30, other));
    await writeSlot(directory, 'w1', 10);
    const vkeys = [
      new NoteSigner(`${ORIGIN}/main`, key),
      new NoteSigner(`${ORIGIN}/w1`, key),
      new NoteSigner(`${ORIGIN}/w1`, other),
    ];
    return { directory, closed: asideOf(directory), vkeys: vkeys.map(({ vkey }) => vkey) };
  }

  it('is verified with its own key, and extends the checkpoints recorded for it', async () => {
    const { directory, closed, vkeys } = await writeClosed();
    const good = { good: true, problems: [], notes: [], messages: [['main'], [closed], ['w1']] };
    expect(await verify(directory)).toEqual(good);
    expect(await verify(directory, { trusted: vkeys.map(parseVkey) })).toEqual(good);
  });

  it('may be closed while it is verified', async () => {
    const directory = temporaryFolder();
    // So many records that verification pauses once while it reads them.
    const starts = Array.from({ length: 16_384 }, () => 'w1');
    writeSupervisor(directory, await writeSlot(directory, 'w1', 30, newSigningKey()), 'w1', starts);
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
      if (pauses === 1) await writeSlot(directory, 'w1', 10);
    };
    const report = await verify(directory, { pause });
    expect(report).toMatchObject({ good: true, messages: [['main'], [asideOf(directory)], ['w1']] });
    expect(pauses).toBe(2);
  });

  it('needs its own key among those kept elsewhere', async () => {
    const { directory, closed, vkeys } = await writeClosed();
    const { good, messages } = await verify(directory, { trusted: vkeys.slice(0, 2).map(parseVkey) });
    expect(good).toBe(false);
    expect(messages).toContainEqual([
      closed,
      expect.stringMatching('^nothing of it was verified: none of the given verifier keys'),
    ]);
  });

  it('must end with its closing checkpoint', async () => {
    const { directory, closed } = await writeClosed();
    const tamper = new Tamperer(join(directory, closed));
    tamper.lines(records(0), (lines) => lines.slice(0, 21));
    tamper.notes(notes(0), (all) => all.slice(0, 2));
    expect((await verify(directory)).problems).toContain(
      `the newest checkpoint of ${closed} is not the one that it was closed with`,
    );
  });

  it('may be removed', async () => {
    const { directory, closed } = await writeClosed();
    rmSync(join(directory, closed), { recursive: true });
    const { good, notes: said } = await verify(directory);
    expect(good).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(`/w1 does not extend the checkpoint of size 31, which is recorded in main`),
      `${closed}, the log before w1 (another key or origin: 31 records end here), is not here`,
    ]);
  });
});

describe('a log that was sealed', () => {
  it('is verified as evidence, and must be unchanged', async () => {
    const directory = temporaryFolder();
    await writeSlot(directory, 'main', 50);
    const tamper = new Tamperer(join(directory, 'main'));
    tamper.lines(records(0), (lines) => changed(lines, 42, (line) => line.replace('success', 'failure')));
    await writeSlot(directory, 'main', 10);
    const sealed = asideOf(directory);
    const messages = [
      [sealed, expect.stringMatching('^one or more of the records 41 to 50 were changed') as string],
      ['main'],
    ];
    expect(await verify(directory)).toEqual({ good: false, problems: [], notes: [], messages });

    new Tamperer(join(directory, sealed)).lines(records(0), (lines) =>
      changed(lines, 43, (line) => line.replace('success', 'failure')),
    );
    expect((await verify(directory)).problems).toEqual([
      `${sealed}/${records(0)} is not as it was when the log was sealed`,
    ]);
  });
});
