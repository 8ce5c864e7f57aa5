import { availableParallelism, cpus } from 'node:os';
import { html, type Html } from '../../src/pages/html.ts';
import { reportPage } from '../../src/report/reportPage.ts';
import { fixed, table } from '../table.ts';
import { barChart } from './barChart.ts';
import type { Comparison, ComparisonOptions, SaturationRow } from './runComparison.ts';

/** Formats the comparison as Markdown tables for a terminal. */
export function textReport({ saturation, rates, memory }: Comparison, options: ComparisonOptions): string {
  return [
    howMeasured(options),
    'As many requests as are answered (closed loop); ratios to the first row of the same operation and protocol:',
    table(
      ['proxy', 'protocol', 'operation', 'answers/s', 'ratio', 'CPU ms each', 'ratio', 'p50 ms', 'p99 ms', 'failed'],
      saturation.map((row) => [
        row.peer,
        row.protocol,
        row.operation,
        fixed(row.rate, 0),
        ratio(saturation, row, 'rate'),
        fixed(row.cpuMs, 3),
        ratio(saturation, row, 'cpuMs'),
        fixed(row.p50Ms, 1),
        fixed(row.p99Ms, 1),
        row.failed,
      ]),
    ),
    'Encrypt with CDIV at a rate (open loop); milliseconds from when a request was due to its answer:',
    table(
      ['proxy', 'protocol', 'rate/s', 'p50', 'p99', 'p99.9', 'max', 'within 250 ms', 'CPU ms each'],
      rates.map(({ peer, protocol, rate, p50Ms, p99Ms, p999Ms, maxMs, inTime, cpuMs }) => [
        peer,
        protocol,
        rate,
        ...[p50Ms, p99Ms, p999Ms, maxMs].map((ms) => fixed(ms, 1)),
        `${(inTime * 100).toFixed(2)} %`,
        fixed(cpuMs, 3),
      ]),
    ),
    'Memory, sum of PSS of all processes, MiB:',
    table(
      ['proxy', 'protocol', 'idle', 'at saturation'],
      memory.map(({ peer, protocol, idle, saturated }) => [peer, protocol, fixed(idle, 0), fixed(saturated, 0)]),
    ),
  ].join('\n\n');
}

/** Formats the comparison as one page with charts. */
export function htmlReport(comparison: Comparison, options: ComparisonOptions): string {
  const { saturation, rates, memory } = comparison;
  const groups = [...Map.groupBy(saturation, ({ operation }) => operation)];
  const labelOf = ({ peer, protocol }: { peer: string; protocol: string }) =>
    protocol === 'plain HTTP' ? `${peer}, ${protocol}` : peer;
  const bars = (rows: readonly SaturationRow[], figure: 'rate' | 'cpuMs', decimals: number) =>
    rows.map((row) => ({ label: labelOf(row), value: row[figure], text: fixed(row[figure], decimals) }));
  const sections: Html[] = [
    ...groups.map(
      ([operation, rows]) =>
        html`<section>
          <h2>${operation}</h2>
          ${barChart('Answers in a second', bars(rows, 'rate', 0))}
          ${barChart('CPU milliseconds of an answer', bars(rows, 'cpuMs', 3))}
        </section>`,
    ),
    ...[...Map.groupBy(rates, ({ rate }) => rate)].map(
      ([rate, rows]) =>
        html`<section>
          <h2>Encrypt with CDIV, ${rate} in a second</h2>
          ${(['p50Ms', 'p99Ms', 'p999Ms'] as const).map((name, index) =>
            barChart(
              `${['p50', 'p99', 'p99.9'][index] ?? ''}, milliseconds from when a request was due`,
              rows.map((row) => ({ label: labelOf(row), value: row[name], text: fixed(row[name], 1) })),
            ),
          )}
        </section>`,
    ),
    html`<section>
      <h2>Memory</h2>
      ${(['idle', 'saturated'] as const).map((name) =>
        barChart(
          `Sum of PSS, ${name}, MiB`,
          memory.map((row) => ({ label: labelOf(row), value: row[name], text: fixed(row[name], 0) })),
        ),
      )}
    </section>`,
  ];
  return reportPage({
    kind: 'XKS proxies compared',
    target: 'make bench',
    facts: [
      ['Machine', machine()],
      ['Load', `${options.connections} connections, ${options.seconds} s for each figure`],
      ['Figures', `medians of ${options.rounds} rounds`],
    ],
    sections,
    footer: html`The load generator runs on the same cores. Each proxy is started anew in each round and runs alone.`,
  });
}

export function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node.js ${process.version}`;
}

function howMeasured({ rounds, seconds, connections }: ComparisonOptions): string {
  return `Medians of ${rounds} rounds, ${connections} connections, ${seconds} s for each figure, the load generator on the same cores.\n${machine()}`;
}

/** Formats the ratio of a figure to the first row of the same operation and protocol, or of the operation if the row has no protocol. */
function ratio(rows: readonly SaturationRow[], row: SaturationRow, figure: 'rate' | 'cpuMs'): string {
  const isComparable = ({ protocol }: SaturationRow) => row.protocol === 'none' || protocol === row.protocol;
  const first = rows.find((other) => other.operation === row.operation && isComparable(other));
  return fixed(row[figure] / (first?.[figure] ?? NaN), 2);
}
