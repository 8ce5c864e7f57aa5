import type { Probe } from './probe.ts';

/** Group of cases in the report, for a chapter of the specification. */
export interface Section {
  /** Name for `--only`, in lower case with hyphens. */
  readonly name: string;
  readonly title: string;
  /** Source of the rules. */
  readonly source: string;
  readonly cases: readonly ConformanceCase[];
}

/** MUST: the AWS specification demands it. SHOULD: the specification or this project recommends it. */
export type Level = 'MUST' | 'SHOULD';

export interface ConformanceCase {
  /** Unique in the suite. */
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  readonly expected: string;
  /** Set if the case may crash a proxy. It then runs after everything else. */
  readonly disruptive?: true;
  /** Throws Unmet if the proxy does not behave as expected, and NotRun if the target lacks something that the case needs. */
  run(probe: Probe): Promise<void>;
}

/** Outcome of a case. `blocked` means undecided, because the proxy refuses the basic round trip. */
export type Outcome = 'pass' | 'fail' | 'blocked' | 'skipped';

/** One fault of a proxy, which may fail many cases. */
export interface Cause {
  /** Description. Causes with equal texts are the same cause. */
  readonly text: string;
  /** Effect on KMS. */
  readonly consequence: string;
  /** Rank in the report, 1 for the worst. */
  readonly severity: 1 | 2 | 3 | 4;
}

/** Result of a case. Texts contain no secrets and no signatures. Text from the target is printable ASCII. */
export interface CaseResult {
  readonly id: string;
  readonly section: string;
  readonly level: Level;
  readonly title: string;
  readonly outcome: Outcome;
  readonly expected: string;
  /** Reason for the outcome: the last answer, the fault, or what the case needs to run. */
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

/** Thrown if the proxy does not behave as expected. The message says what it did. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
  readonly sharedCause: Cause | undefined;

  constructor(message: string, sharedCause?: Cause) {
    super(message);
    this.sharedCause = sharedCause;
  }
}

/** Thrown if the case cannot be decided on this target. The message says what the case needs. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}
