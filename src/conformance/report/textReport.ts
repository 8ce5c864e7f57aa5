import { countCases } from '../causes.ts';
import type { CaseResult } from '../conformanceCase.ts';
import type { OperationTiming } from '../timing.ts';
import { conforms, countResults, type ConformanceReport } from './conformanceReport.ts';
import { formatMs, formatShare } from '../../pages/formatFigures.ts';

const LABELS = { pass: 'pass', fail: 'FAIL', blocked: 'n/r ', skipped: 'skip' } as const;

/** Formats the report for a terminal: the causes of failures, then a line for each case, with details of failed ones. */
export function textReport(report: ConformanceReport): string {
  const { target, startedAt, sections, stopped, timings } = report;
  return [
    `Conformance of ${target.endpoint}${target.uriPath}, key ${target.keyId}, ${startedAt}`,
    ...formatCauses(report),
    ...sections.map(({ title, source, results }) =>
      [`\n${title}  (${source})`, ...results.map(formatResult)].join('\n'),
    ),
    ...(timings.length > 0 ? [`\n${formatTimings(timings)}`] : []),
    `\n${formatTotals(report)}`,
    ...(stopped === undefined ? [] : [stopped]),
    conforms(report) ? 'The proxy passes every MUST case that was run.' : 'The proxy does not conform.',
  ].join('\n');
}

function formatResult({ id, level, title, outcome, expected, got, exchanges }: CaseResult): string {
  const line = `  ${LABELS[outcome]}  ${level.padEnd(6)}  ${id}: ${title}`;
  if (outcome === 'pass') return line;
  if (outcome === 'skipped' || outcome === 'blocked') return `${line}\n        ${got}`;
  const last = exchanges.at(-1);
  return [
    line,
    ...(last ? [`        sent      ${last.sent}`] : []),
    `        expected  ${expected}`,
    `        got       ${got}`,
  ].join('\n');
}

function formatCauses({ causes, refused }: ConformanceReport): string[] {
  return [
    ...(refused
      ? [`\nThe basic round trip is refused: the answer to ${refused.operation} is ${refused.got}\n  ${refused.advice}`]
      : []),
    ...(causes.length > 0 ? ['\nCauses of failures, the worst first'] : []),
    ...causes.map((cause, index) => {
      const { text, consequence, must } = cause;
      return `  ${index + 1}. ${must ? 'MUST' : 'SHOULD'}  ${text}, ${countCases(cause)}\n     ${consequence}`;
    }),
  ];
}

function formatTotals(report: ConformanceReport): string {
  const row = (level: 'MUST' | 'SHOULD') => {
    const counts = (['pass', 'fail', 'blocked', 'skipped'] as const).map((outcome) =>
      countResults(report, level, outcome),
    );
    return `${level.padEnd(6)}${counts.map((count) => String(count).padStart(9)).join('')}`;
  };
  return ['           pass     fail  not run  skipped', row('MUST'), row('SHOULD')].join('\n');
}

function formatTimings(timings: readonly OperationTiming[]): string {
  const rows = timings.map(({ operation, samplesMs, failures, p50Ms, p99Ms, maxMs, overLimit }) => [
    operation,
    String(samplesMs.length),
    String(failures),
    formatMs(p50Ms),
    formatMs(p99Ms),
    formatMs(maxMs),
    formatShare(overLimit),
  ]);
  const table = [['operation', 'requests', 'failed', 'p50', 'p99', 'max', 'over 250 ms'], ...rows];
  return table
    .map(([name = '', ...cells]) => name.padEnd(10) + cells.map((cell) => cell.padStart(13)).join(''))
    .join('\n');
}
