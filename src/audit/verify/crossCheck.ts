import { join } from 'node:path';
import type { VerifierKey } from '../format/signedNote.ts';
import { originOf, type KeptCheckpoint } from './keptCheckpoints.ts';
import { changedFiles } from './sealedFiles.ts';
import type { VerifiedLog } from './verifyLog.ts';

/** Whether a log extends a checkpoint; `failure` says why not. */
interface Outcome extends Pick<KeptCheckpoint, 'failure' | 'isPruned'> {
  readonly folder: string;
}

const ABSENT = { failure: 'there is no log of that name here', isPruned: false };

/** Compares the logs of a directory with one another, and with keys and checkpoints that were kept elsewhere. */
export class CrossCheck {
  readonly #logs: readonly VerifiedLog[];
  /** Outcomes of each checkpoint, by its note. An auditor may keep millions of them. */
  readonly #outcomes = new Map<string, Outcome[]>();
  readonly problems: string[] = [];
  /** Findings that are no failures. */
  readonly notes: string[] = [];

  constructor(logs: readonly VerifiedLog[]) {
    this.#logs = logs;
    for (const { report, kept } of logs) {
      for (const { note, failure, isPruned } of kept) {
        const outcomes = this.#outcomes.get(note) ?? [];
        this.#outcomes.set(note, [...outcomes, { folder: report.folder, failure, isPruned }]);
      }
    }
  }

  /**
   * Checks that a log extends each of these checkpoints, which someone has kept. Those of a log that fail for one reason are one
   * problem.
   */
  requireKept(notes: readonly string[]): void {
    const failed = new Map<string, { readonly note: string; readonly failure: string; count: number }>();
    for (const note of notes) {
      const { failure: why, isPruned = false } = this.#failureOf(note) ?? {};
      if (why === undefined) continue;
      const failure = isPruned ? `${why}; leave it out if you have pruned the log` : why;
      const reason = `${originOf(note)}\n${failure}`;
      const group = failed.get(reason) ?? { note, failure, count: 0 };
      group.count += 1;
      failed.set(reason, group);
    }
    for (const { note, failure, count } of failed.values()) {
      const more = count === 1 ? '' : ` (${count - 1} more of its checkpoints likewise)`;
      this.problems.push(`${this.#describe(note)}, which was kept elsewhere: ${failure}${more}`);
    }
  }

  /**
   * Reports logs that are not here. Each worker has a supervisor, so `main` belongs to the log of a worker. Any other log with a
   * verifier key was deleted or never began: this is a note, unless `main` shows that the worker never started.
   */
  checkAbsent(keys: readonly VerifierKey[]): void {
    const open = this.#logs.filter(({ report }) => report.kind === 'open');
    const main = open.find(({ report }) => report.slot === 'main');
    const workers = open.flatMap(({ report: { slot } }) => (slot?.startsWith('w') ? [slot] : []));
    if (!main && workers.length > 0) {
      const why = 'which every proxy with worker processes writes: it was deleted, or not copied';
      this.problems.push(`there is no log main here beside ${workers.join(', ')}, ${why}`);
    }
    const names = new Set(keys.map(({ name }) => name));
    for (const { report } of open) if (report.name) names.delete(report.name);
    for (const name of names) if (main && hasNeverStarted(main, name)) names.delete(name);
    if (names.size === 0) return;
    this.notes.push(`there is no log here of ${[...names].join(', ')}: deleted, or never begun`);
  }

  /**
   * Checks that a log extends this checkpoint, which another log has recorded. A log that was moved aside may be gone, and old
   * records may be pruned: then this is a note.
   */
  requireNoted(note: string, recorder: string): void {
    const { failure, isPruned } = this.#failureOf(note) ?? {};
    if (failure === undefined) return;
    const successors = this.#logs.filter(({ report, others }) => report.name === originOf(note) && others.previous);
    const wasTaken = successors.some(({ others }) => !this.#find(others.previous?.folder));
    const message = `${this.#describe(note)}, which is recorded in ${recorder}: ${failure}`;
    (wasTaken || isPruned ? this.notes : this.problems).push(message);
  }

  /** Checks that the logs that were moved aside match the descriptions in their successors. */
  checkPredecessors(directory: string): void {
    for (const { report, others } of this.#logs) {
      const { previous } = others;
      if (!previous) continue;
      const aside = this.#find(previous.folder);
      if (!aside) {
        this.notes.push(`${previous.folder}, the log before ${report.folder} (${previous.reason}), is not here`);
      } else if (previous.kind === 'sealed') {
        for (const name of changedFiles(join(directory, previous.folder), previous.files)) {
          this.problems.push(`${previous.folder}/${name} is not as it was when the log was sealed`);
        }
      } else if (aside.report.lastCheckpoint !== previous.checkpoint) {
        this.problems.push(`the newest checkpoint of ${previous.folder} is not the one that it was closed with`);
      }
    }
  }

  /**
   * Notes logs without checkpoints that have records, unless a checkpoint that was kept elsewhere signs some of them. A process
   * that was killed before its first checkpoint leaves such a log.
   */
  noteUnsigned(): void {
    for (const { report } of this.#logs) {
      if (report.checkpoints > 0 || report.unsigned === 0 || report.proven.length > 0) continue;
      const why = 'they were deleted, or the process had just begun';
      this.notes.push(`${report.folder} has no checkpoints (${why}), so its records prove nothing`);
    }
  }

  /** Returns undefined if a log extends the checkpoint. */
  #failureOf(note: string): Omit<Outcome, 'folder'> | undefined {
    const outcomes = this.#outcomes.get(note) ?? [];
    if (outcomes.some(({ failure }) => failure === undefined)) return undefined;
    const [first = ABSENT, ...others] = outcomes;
    if (others.length === 0) return first;
    // The log has begun again. The checkpoint may be one of any of these logs.
    const failure = outcomes.map((outcome) => `${outcome.folder}: ${outcome.failure ?? ''}`).join('; ');
    return { failure, isPruned: outcomes.some(({ isPruned }) => isPruned) };
  }

  #find(folder: string | undefined): VerifiedLog | undefined {
    return this.#logs.find(({ report }) => report.folder === folder);
  }

  #describe(note: string): string {
    const [origin, size] = note.split('\n');
    return `${origin ?? ''} does not extend the checkpoint of size ${size ?? '?'}`;
  }
}

/** Whether the complete and undamaged log of a supervisor shows that this log of a worker never began. */
function hasNeverStarted({ report, others }: VerifiedLog, name: string): boolean {
  if (report.problemCount > 0 || report.firstIndex > 0 || others.previous) return false;
  const origin = report.name?.replace(/main$/, '');
  const slot = /\/(w[1-9]\d*)$/.exec(name)?.[1];
  return slot !== undefined && name === `${origin ?? ''}${slot}` && !others.startedSlots.has(slot);
}
