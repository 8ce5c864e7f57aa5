import type { Finding } from '../causes.ts';
import type { CaseResult, Level, Outcome } from '../conformanceCase.ts';
import type { RefusedRoundTrip } from '../roundTrip.ts';
import type { OperationTiming } from '../timing.ts';

/** All findings of a run, without secrets. The text, JSON and HTML reports are made from it. */
export interface ConformanceReport {
  readonly target: ReportedTarget;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Reason why the run ended early, if it did. */
  readonly stopped: string | undefined;
  /** Set if the proxy refuses a valid Encrypt or Decrypt. */
  readonly refused: RefusedRoundTrip | undefined;
  /** Causes of failed cases, the worst first. */
  readonly causes: readonly Finding[];
  readonly sections: readonly SectionReport[];
  readonly timings: readonly OperationTiming[];
}

export interface ReportedTarget {
  readonly endpoint: string;
  readonly uriPath: string;
  readonly keyId: string;
  readonly region: string;
}

export interface SectionReport {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly results: readonly CaseResult[];
}

export function countResults({ sections }: ConformanceReport, level: Level, outcome: Outcome): number {
  const counts = (result: CaseResult) => result.level === level && result.outcome === outcome;
  return sections.reduce((sum, { results }) => sum + results.filter(counts).length, 0);
}

/** Whether every MUST that could be tried was met, none was blocked, and the proxy survived. */
export function conforms(report: ConformanceReport): boolean {
  return (
    countResults(report, 'MUST', 'fail') === 0 &&
    countResults(report, 'MUST', 'blocked') === 0 &&
    report.stopped === undefined
  );
}
