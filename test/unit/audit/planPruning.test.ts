import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLogs } from '../../../src/audit/format/findLogs.ts';
import { splitNotes } from '../../../src/audit/format/logFolder.ts';
import type { LogWriter } from '../../../src/audit/log/logWriter.ts';
import { planLeftovers, planPruning, type PruningPlan } from '../../../src/audit/read/planPruning.ts';
import { appendAll, newSigningKey, openLog } from '../../support/auditLogs.ts';
import { notes, records, verifyFolder } from '../../support/logUnderTest.ts';
import { Tamperer } from '../../support/tamper.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T00:00:00.000Z');

/** The time of a record of the log below. */
function timeOf(index: number): Date {
  return new Date(START + index * HOUR);
}

/** A log with a record and a checkpoint each hour; each segment is a day. The log stays open. */
class HourlyLog {
  readonly directory = temporaryFolder();
  readonly path = join(this.directory, 'main');
  readonly #privateKey = newSigningKey();
  #log: LogWriter;

  private constructor() {
    this.#log = this.#open(0);
  }

  static async ofSize(records: number): Promise<HourlyLog> {
    const log = new HourlyLog();
    await log.#log.checkpoint();
    await log.grow(records - 1);
    return log;
  }

  async grow(by: number): Promise<void> {
    for (let left = by; left > 0; left -= 1) {
      appendAll(this.#log, [{ type: 'heartbeat', time: timeOf(this.#log.size).toISOString() }]);
      await this.#log.checkpoint();
    }
  }

  /** Opens the log again, as after a crash. */
  reopen(): void {
    const { size } = this.#log;
    this.#log.abandon();
    this.#log = this.#open(size);
  }

  plan(cutoff: Date): PruningPlan {
    const [log] = findLogs(this.path);
    return log ? planPruning(log, cutoff) : { steps: [] };
  }

  /** Prunes the log, verifies it after each step, and returns the steps. */
  async prune(cutoff: Date): Promise<string[]> {
    const done: string[] = [];
    const { steps, obstacle } = this.plan(cutoff);
    expect(obstacle).toBeUndefined();
    for (const { did, what, apply } of steps) {
      apply();
      done.push(`${did} ${what}`);
      expect([what, (await verifyFolder(this.path)).messages]).toEqual([what, []]);
    }
    return done;
  }

  /** The sizes that the checkpoints of a segment sign. */
  sizes(first: number): number[] {
    const text = readFileSync(join(this.path, notes(first)), 'utf8');
    return splitNotes(text).notes.map((note) => Number(note.split('\n')[1]));
  }

  #open(size: number): LogWriter {
    const clock = (): number => timeOf(size).getTime();
    return openLog(this.directory, { privateKey: this.#privateKey, segmentRecords: 24, clock });
  }
}

/** The records of a segment, in a folder with nothing else. */
function filesOf(path: string): string[] {
  return readdirSync(path)
    .filter((name) => name !== 'lock')
    .sort();
}

describe('planPruning', () => {
  it('deletes segments with only older records, oldest first; the rest can be verified after each step', async () => {
    const log = await HourlyLog.ofSize(5 * 24 + 10);
    expect(await log.prune(timeOf(3 * 24 + 6))).toEqual([
      `deleted main/${records(0)} (to record 23, 2026-01-01T23:00:00.000Z)`,
      `deleted main/${records(24)} (to record 47, 2026-01-02T23:00:00.000Z)`,
      `deleted main/${notes(0)}`,
      `deleted main/${records(48)} (to record 71, 2026-01-03T23:00:00.000Z)`,
      `deleted main/${notes(24)}`,
      `thinned main/${notes(48)} (1 of 24 checkpoints stay)`,
      `thinned main/${notes(72)} (19 of 24 checkpoints stay)`,
    ]);
    expect(filesOf(log.path)).toEqual([
      notes(48),
      ...[72, 96, 120].flatMap((first) => [notes(first), records(first)]),
      'ranges',
      'vkey',
    ]);
    expect(log.sizes(48)).toEqual([72]);
    // The checkpoint of 78 records is the newest that covers only older records.
    expect(log.sizes(72)).toEqual(Array.from({ length: 19 }, (_, index) => 78 + index));
    const { firstIndex, signedRecords } = await verifyFolder(log.path);
    expect([firstIndex, signedRecords]).toEqual([72, 130]);
    expect(await log.prune(timeOf(3 * 24 + 6))).toEqual([]);
  });

  it('continues later, while a writer continues the log or begins a new one', async () => {
    const log = await HourlyLog.ofSize(30);
    for (let day = 2; day < 8; day += 1) {
      await log.grow(24);
      if (day % 3 === 0) log.reopen();
      await log.prune(timeOf(day * 24));
      expect((await verifyFolder(log.path)).messages).toEqual([]);
      expect(filesOf(log.path).filter((name) => name.endsWith('.ndjson'))[0]).toBe(records((day - 1) * 24));
    }
  });

  it('keeps the newest segment, even if it is old, and the previous one until the newest has a checkpoint', async () => {
    const log = await HourlyLog.ofSize(3 * 24);
    const cutoff = timeOf(1_000);
    await log.prune(cutoff);
    expect(filesOf(log.path)).toEqual([notes(24), notes(48), records(48), 'ranges', 'vkey']);
    await log.grow(24);
    new Tamperer(log.path).text(notes(72), () => '');
    expect(log.plan(cutoff).steps.map(({ what }) => what)).toEqual([`main/${notes(48)} (1 of 24 checkpoints stay)`]);
    log.reopen();
    await log.grow(1);
    await log.prune(cutoff);
    expect(filesOf(log.path)).toEqual([notes(72), notes(96), records(96), 'ranges', 'vkey']);
  });

  it('keeps a segment if its last record is not older, or if the next segment begins after the cutoff', async () => {
    const log = await HourlyLog.ofSize(50);
    for (const cutoff of [timeOf(0), timeOf(23), timeOf(24)]) {
      expect(log.plan(cutoff).steps.filter(({ did }) => did === 'deleted')).toEqual([]);
    }
    expect(log.plan(new Date(timeOf(24).getTime() + 1)).steps.filter(({ did }) => did === 'deleted')).toHaveLength(1);
  });

  it.each<[string, (log: Tamperer) => void, string]>([
    [
      'ranges lacks its end',
      (log) => {
        log.lines('ranges', (lines) => lines.slice(1));
      },
      'ranges has no line of size 24',
    ],
    [
      'ranges has another root there',
      (log) => {
        log.lines('ranges', ([first = '', ...lines]) => [first.replace(/ [^ ]+$/, ` ${'A'.repeat(43)}=`), ...lines]);
      },
      `the line of size 24 in ranges has another root than main/${notes(0)}`,
    ],
    [
      'its last checkpoint is gone',
      (log) => {
        log.notes(notes(0), (all) => all.slice(0, -1));
      },
      `the last checkpoint of main/${notes(0)} has size 23, not 24`,
    ],
    [
      'its checkpoints are gone',
      (log) => {
        log.remove(notes(0));
      },
      `the last checkpoint of main/${notes(0)}: there is none`,
    ],
    [
      'its last checkpoint was changed',
      (log) => {
        log.text(notes(0), (text) => text.replace('\n24\n', '\n25\n'));
      },
      `the last checkpoint of main/${notes(0)}: its signature of xks.example.com/proxy-1/main is wrong`,
    ],
  ])('deletes nothing if %s', async (_what, tamper, obstacle) => {
    const log = await HourlyLog.ofSize(80);
    tamper(new Tamperer(log.path));
    expect(log.plan(timeOf(60))).toEqual({ steps: [], obstacle });
  });

  it('leaves a log with a missing segment unchanged', async () => {
    const log = await HourlyLog.ofSize(100);
    new Tamperer(log.path).remove(records(24));
    const obstacle = `main/${records(24)} is missing`;
    expect(log.plan(timeOf(90))).toEqual({ steps: [], obstacle });
    // The days before the missing segment are not old enough.
    expect(log.plan(timeOf(20))).toEqual({ steps: [expect.objectContaining({ did: 'thinned' })] });
  });

  it('completes a pruning that a crash interrupted', async () => {
    const plan = async () => {
      const log = await HourlyLog.ofSize(100);
      return { log, steps: log.plan(timeOf(80)).steps };
    };
    const { steps: all } = await plan();
    for (let crash = 0; crash < all.length; crash += 1) {
      const { log, steps } = await plan();
      for (const { apply } of steps.slice(0, crash)) apply();
      writeFileSync(join(log.path, `${notes(24)}.new`), 'torn');
      await log.prune(timeOf(80));
      expect(filesOf(log.path).filter((name) => !name.endsWith('.new'))).toEqual([
        ...[notes(48), notes(72), records(72), notes(96), records(96)],
        ...['ranges', 'vkey'],
      ]);
      expect(existsSync(join(log.path, `${notes(48)}.new`))).toBe(false);
    }
  });

  it('keeps mode and owner of the files that it thins', async () => {
    const log = await HourlyLog.ofSize(60);
    const file = join(log.path, notes(0));
    chmodSync(file, 0o640);
    if (process.getuid?.() === 0) chownSync(file, 12_345, 12_346);
    const { mode, uid, gid, size } = statSync(file);
    await log.prune(timeOf(40));
    const after = statSync(file);
    expect([after.mode, after.uid, after.gid]).toEqual([mode, uid, gid]);
    expect(after.size).toBeLessThan(size);
  });

  it('deletes a closed log if all of it is older, and never deletes a sealed log', async () => {
    const log = await HourlyLog.ofSize(60);
    const closed = join(log.directory, 'main.20260103T120000000Z.closed');
    const sealed = closed.replace('closed', 'sealed');
    renameSync(log.path, closed);
    const plans = (cutoff: Date) => findLogs(log.directory).map((each) => planPruning(each, cutoff));
    expect(plans(timeOf(59))).toEqual([{ steps: [] }]);
    const [plan] = plans(timeOf(60));
    expect(plan?.steps.map(({ did, what }) => `${did} ${what}`)).toEqual([
      `deleted ${basename(closed)} (to record 59, 2026-01-03T11:00:00.000Z)`,
    ]);
    renameSync(closed, sealed);
    expect(plans(timeOf(1_000))).toEqual([{ steps: [] }]);
    renameSync(sealed, closed);
    for (const { apply } of plan?.steps ?? []) apply();
    expect(readdirSync(log.directory)).toEqual([]);
  });

  it('deletes the rest of a closed log', async () => {
    const log = await HourlyLog.ofSize(30);
    const doomed = join(log.directory, 'main.20260103T120000000Z.closed.deleted');
    renameSync(log.path, doomed);
    rmSync(join(doomed, records(0)));
    for (const { apply } of planLeftovers(log.directory)) apply();
    expect(readdirSync(log.directory)).toEqual([]);
  });
});
