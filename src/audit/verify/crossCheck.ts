import { join } from 'node:path';
import type { FoundLog } from '../format/findLogs.ts';
import type { VerifierKey } from '../format/signedNote.ts';
import { originOf, type KeptCheckpoint } from './keptCheckpoints.ts';
import { changedFiles } from './sealedFiles.ts';
import type { VerifiedLog } from './verifyLog.ts';

/** Whether a log extends a checkpoint; `failure` says why not. */
interface Outcome extends Pick<KeptCheckpoint, 'failure' | 'isPruned'> {
  readonly kind: FoundLog['state'];
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
        this.#outcomes.set(note, [...outcomes, { kind: report.kind, failure, isPruned }]);
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
      const { failure } = this.#failureOf(note) ?? {};
      if (failure === undefined) continue;
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

  /** Notes verifier keys whose logs are not here. Such a log was deleted, or never began. */
  noteAbsent(keys: readonly VerifierKey[]): void {
    const names = new Set(keys.map(({ name }) => name));
    for (const { report } of this.#logs) if (report.kind === 'open' && report.name) names.delete(report.name);
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

  /** Returns undefined if a log extends the checkpoint. */
  #failureOf(note: string): Omit<Outcome, 'kind'> | undefined {
    const outcomes = this.#outcomes.get(note) ?? [];
    if (outcomes.some(({ failure }) => failure === undefined)) return undefined;
    return outcomes.find(({ kind }) => kind === 'open') ?? outcomes[0] ?? ABSENT;
  }

  #find(folder: string | undefined): VerifiedLog | undefined {
    return this.#logs.find(({ report }) => report.folder === folder);
  }

  #describe(note: string): string {
    const [origin, size] = note.split('\n');
    return `${origin ?? ''} does not extend the checkpoint of size ${size ?? '?'}`;
  }
}
