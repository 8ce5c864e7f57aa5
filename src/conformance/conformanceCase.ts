import type { Probe } from './probe.ts';

/** One group of the report: a chapter of the specification. */
export interface Section {
  /** Lower case, with hyphens: what `--only` takes. */
  readonly name: string;
  readonly title: string;
  /** Where the rules are written. */
  readonly source: string;
  readonly cases: readonly ConformanceCase[];
}

/** MUST: the AWS specification demands it. SHOULD: it recommends it, or this project asks it of a proxy. */
export type Level = 'MUST' | 'SHOULD';

export interface ConformanceCase {
  /** Unique in the suite. */
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  readonly expected: string;
  /** May bring a proxy down: runs after everything else. */
  readonly disruptive?: true;
  /** Throws Unmet when the proxy does not do as expected, NotRun when the target lacks what the case needs. */
  run(probe: Probe): Promise<void>;
}

/** `blocked`: cannot be decided, because the proxy refuses the basic round trip. */
export type Outcome = 'pass' | 'fail' | 'blocked' | 'skipped';

/** One fault of a proxy, which may fail many cases. */
export interface Cause {
  /** Equal texts are one cause. */
  readonly text: string;
  /** Effect on KMS. */
  readonly consequence: string;
  /** Rank in the report, 1 for the worst. */
  readonly severity: 1 | 2 | 3 | 4;
}

/** Texts hold neither secrets nor signatures, and only printable ASCII of what the target sent. */
export interface CaseResult {
  readonly id: string;
  readonly section: string;
  readonly level: Level;
  readonly title: string;
  readonly outcome: Outcome;
  readonly expected: string;
  /** What decided the outcome: the last answer, or what was wrong, or what the case would need to run. */
  readonly got: string;
  /** Set if the case failed for a reason that it can share with other cases. */
  readonly cause?: Cause;
  readonly exchanges: readonly Exchange[];
  readonly durationMs: number;
}

/** One request and its answer, in short. */
export interface Exchange {
  readonly sent: string;
  readonly got: string;
}

/** The proxy did not do as expected; the message says what it did. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
  readonly sharedCause: Cause | undefined;

  constructor(message: string, sharedCause?: Cause) {
    super(message);
    this.sharedCause = sharedCause;
  }
}

/** The case cannot be decided on this target; the message says what it would need. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}
