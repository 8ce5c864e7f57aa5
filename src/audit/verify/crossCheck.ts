import { join } from 'node:path';
import { originOf } from './keptCheckpoints.ts';
import { changedFiles } from './sealedFiles.ts';
import type { VerifiedLog } from './verifyLog.ts';

/** Compares the logs of a directory with one another, and with checkpoints that were kept elsewhere. */
export class CrossCheck {
  readonly #logs: readonly VerifiedLog[];
  readonly problems: string[] = [];
  /** Findings that are no failures. */
  readonly notes: string[] = [];

  constructor(logs: readonly VerifiedLog[]) {
    this.#logs = logs;
  }

  /** Checks that a log extends this checkpoint, which someone has kept. */
  requireKept(note: string): void {
    const failure = this.#failureOf(note);
    if (failure !== undefined) this.problems.push(`${this.#describe(note)}, which was kept elsewhere: ${failure}`);
  }

  /**
   * Checks that a log extends this checkpoint, which another log has recorded, unless it belongs to a log that was moved aside.
   */
  requireNoted(note: string, recorder: string): void {
    const failure = this.#failureOf(note);
    if (failure === undefined) return;
    const successors = this.#logs.filter(({ report, others }) => report.name === originOf(note) && others.previous);
    const wasTaken = successors.some(({ others }) => !this.#find(others.previous?.folder));
    const message = `${this.#describe(note)}, which is recorded in ${recorder}: ${failure}`;
    (wasTaken ? this.notes : this.problems).push(message);
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
  #failureOf(note: string): string | undefined {
    const outcomes = this.#logs.flatMap(({ report, kept }) =>
      kept.filter((each) => each.note === note).map(({ failure }) => ({ kind: report.kind, failure })),
    );
    if (outcomes.some(({ failure }) => failure === undefined)) return undefined;
    const { failure } = outcomes.find(({ kind }) => kind === 'open') ?? outcomes[0] ?? {};
    return failure ?? 'there is no log of that name here';
  }

  #find(folder: string | undefined): VerifiedLog | undefined {
    return this.#logs.find(({ report }) => report.folder === folder);
  }

  #describe(note: string): string {
    const [origin, size] = note.split('\n');
    return `${origin ?? ''} does not extend the checkpoint of size ${size ?? '?'}`;
  }
}
