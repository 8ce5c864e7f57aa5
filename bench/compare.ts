import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measure, type Load, type Measured } from './measure.ts';
import { startOwnProxy } from './ownProxy.ts';
import type { Target } from './target.ts';

const USAGE = `Measures Encrypt with a 32-byte data key: as much as it takes, and at KMS's default quota.
Our proxy runs over a SoftHSM token of its own; other proxies, started by you, run beside it in the same rounds.

  make bench
  node bench/compare.ts [--rounds 3] [--seconds 5] [--connections 16] [--other FILE.json]...

FILE.json: {"name", "endpoint": "http://host:port", "uriPath": "[/prefix]/kms/xks/v1", "region", "accessKeyId",
"secretAccessKey", "key", "pid"?}. Only measure proxies on this machine.`;

// Requests in a second. Spec, "GetHealthStatus": the default quota of an external key store.
const QUOTA = 1800;

interface Row {
  readonly target: Target;
  readonly full: Measured[];
  readonly atQuota: Measured[];
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    other: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  print(USAGE);
} else {
  const others = values.other.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Target);
  const { target, stop } = await startOwnProxy();
  try {
    const load = { connections: Number(values.connections), seconds: Number(values.seconds) };
    print(await compare([target, ...others], load, Number(values.rounds)));
  } finally {
    await stop();
  }
}

/** Takes the targets in turn, so that what disturbs the machine disturbs them all. */
async function compare(targets: readonly Target[], load: Load, rounds: number): Promise<string> {
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

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
