import type { CaseResult } from '../../src/conformance/conformanceCase.ts';
import type { ConformanceReport } from '../../src/conformance/report/conformanceReport.ts';
import { runSuite } from '../../src/conformance/runSuite.ts';
import { suite } from '../../src/conformance/suite.ts';
import type { Target } from '../../src/xksClient/target.ts';

/** Runs one section of the suite, several, or all if none is named. */
export function runOn(target: Target, names?: string | readonly string[], requests = 0): Promise<ConformanceReport> {
  const sections = suite.filter(({ name }) => names === undefined || [names].flat().includes(name));
  return runSuite(target, { sections, requests, stop: new AbortController().signal, onProgress: () => undefined });
}

export function resultsOf({ sections }: ConformanceReport): CaseResult[] {
  return sections.flatMap(({ results }) => results);
}

export function idsWith(report: ConformanceReport, outcome: CaseResult['outcome']): string[] {
  return resultsOf(report)
    .filter((result) => result.outcome === outcome)
    .map(({ id }) => id);
}
