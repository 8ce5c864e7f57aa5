import { measure, type Load, type Measured } from './measure.ts';
import type { Target } from './target.ts';

// Requests in a second. Spec, "GetHealthStatus": the default quota of an external key store.
const QUOTA = 1800;

interface Row {
  readonly target: Target;
  readonly full: Measured[];
  readonly atQuota: Measured[];
}

/** Takes the targets in turn, so that what disturbs the machine disturbs them all. */
export async function compare(targets: readonly Target[], load: Load, rounds: number): Promise<string> {
  const rows: Row[] = targets.map((target) => ({ target, full: [], atQuota: [] }));
  for (const { target } of rows) await measure(target, { ...load, seconds: 2 });
  for (let round = 1; round <= rounds; round += 1) {
    for (const { target, full, atQuota } of rows) {
      process.stderr.write(`round ${round} of ${rounds}: ${target.name}\n`);
      full.push(await measure(target, load));
      atQuota.push(await measure(target, { ...load, rate: QUOTA }));
    }
  }
  return table(rows);
}

function table(rows: readonly Row[]): string {
  const first = rows[0];
  const lines = rows.map(({ target, full, atQuota }) => [
    target.name,
    median(full, 'rate').toFixed(0),
    `${(median(full, 'rate') / median(first?.full ?? [], 'rate')).toFixed(2)}x`,
    median(full, 'cpu').toFixed(3),
    median(atQuota, 'rate').toFixed(0),
    median(atQuota, 'p50').toFixed(1),
    median(atQuota, 'p99').toFixed(1),
    String([...full, ...atQuota].reduce((sum, { failed }) => sum + failed, 0)),
  ]);
  const head = ['proxy', 'encrypts/s', 'ratio', 'CPU ms each', `of ${QUOTA}/s`, 'p50 ms', 'p99 ms', 'failed'];
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const text = [head, ...lines].map((line) =>
    line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  );
  return `medians of ${first?.full.length ?? 0} rounds, the load generator on the same cores\n${text.join('\n')}`;
}

function median(measured: readonly Measured[], figure: keyof Measured): number {
  const sorted = measured.map((each) => each[figure]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
