import { formatMs, formatShare } from '../../pages/formatFigures.ts';
import { formatTable } from '../../formatTable.ts';
import type { BenchmarkReport, RatedRun } from '../runBenchmark.ts';

/** Formats the report for a terminal: a line for each rate and operation, failures, and the verdict. */
export function textReport(report: BenchmarkReport): string {
  const { target, startedAt, connections, seconds, runs } = report;
  const rows = runs.flatMap((run) =>
    run.operations.map(({ operation, p50Ms, p99Ms, p999Ms, maxMs }, index) => {
      const ofRun =
        index === 0 ? [String(run.rate), run.goodput.toFixed(0), lateShare(run), verdict(run)] : ['', '', '', ''];
      return [...ofRun.slice(0, 1), operation, ...[p50Ms, p99Ms, p999Ms, maxMs].map(formatMs), ...ofRun.slice(1)];
    }),
  );
  const head = ['rate/s', 'operation', 'p50', 'p99', 'p99.9', 'max', 'good/s', 'late', 'holds'];
  return [
    `Benchmark of ${target.endpoint}${target.uriPath}, key ${target.keyId}, ${startedAt}`,
    `${connections} connections, ${seconds} s for each rate. Times are from when a request was due to its answer.`,
    '',
    formatTable([head, ...rows]),
    ...runs.flatMap(describeFailures),
    '',
    conclusion(report),
  ].join('\n');
}

/** Returns the conclusion, in one or two sentences. */
export function conclusion({ highestRate, runs }: BenchmarkReport): string {
  const next = runs.find(({ holds, rate }) => !holds && rate > (highestRate ?? 0));
  const limit =
    next?.limit === 'generator'
      ? ` At ${next.rate} a second this generator was the limit, not the proxy: run it on another machine, or with fewer connections.`
      : '';
  if (highestRate === undefined)
    return `No rate holds: none has 99.9 % of its requests answered within 250 ms.${limit}`;
  return `${highestRate} requests a second hold: 99.9 % of them are answered within 250 ms.${limit}`;
}

/** Returns the verdict on a rate: "yes", or "no" and the limit. */
function verdict({ holds, limit }: RatedRun): string {
  return holds ? 'yes' : `no: ${limit === 'generator' ? 'the generator' : 'the proxy'}`;
}

/** Formats the share of the requests that had no good answer within 250 ms. */
export function lateShare({ inTime }: RatedRun): string {
  return formatShare(1 - inTime);
}

function describeFailures({ rate, failures }: RatedRun): string[] {
  return Object.entries(failures).map(([failure, count]) => `At ${rate} a second, ${count} failed: ${failure}`);
}
