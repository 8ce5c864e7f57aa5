import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { htmlReport } from '../benchmark/report/htmlReport.ts';
import { textReport } from '../benchmark/report/textReport.ts';
import { runBenchmark } from '../benchmark/runBenchmark.ts';
import { OPERATIONS, type Operation } from '../conformance/keyStoreClient.ts';
import type { TargetOptions } from '../conformance/readTarget.ts';
import type { Target } from '../conformance/target.ts';
import { CommandFailure, type Cli } from './cli.ts';
import {
  addTargetOptions,
  introduce,
  readTargetOf,
  requireWritable,
  showProgress,
  unreachable,
} from './xksProxyTarget.ts';

interface LoadOptions {
  readonly operations: readonly Operation[];
  readonly rates?: readonly number[];
  readonly connections: number;
  readonly seconds: number;
  /** True: on standard output, instead of the text. */
  readonly json?: true | string;
  readonly html?: string;
}

const MAX_RATE = 100_000;
const MAX_CONNECTIONS = 1_000;
// A signature is good for five minutes.
const MAX_SECONDS = 240;

/** `xks-proxy benchmark`: measures how much load any XKS proxy takes. */
export function benchmarkCommand(cli: Cli): Command {
  const command = new Command('benchmark').description(
    'measures how many requests a second any XKS proxy answers within the 250 ms of KMS; it puts load on the proxy and its HSM',
  );
  addTargetOptions(command);
  command
    .option('--operations <list>', `in turn: ${OPERATIONS.join(', ')}`, parseOperations, ['encrypt', 'decrypt'])
    .option(
      '--rates <list>',
      'requests a second, such as 500,1800,3600 (default: the highest that holds is searched)',
      parseRates,
    )
    .option('--connections <n>', 'that are kept, as KMS keeps them', numberUpTo(MAX_CONNECTIONS), 32)
    .option('--seconds <n>', 'of each rate', numberUpTo(MAX_SECONDS), 10)
    .option('--json [file]', 'the report as JSON, on standard output without a file')
    .option('--html <file>', 'the report as a page for a browser');
  return command.action(async (options: TargetOptions & LoadOptions) => {
    await run(cli, readTargetOf(options, command), options);
  });
}

async function run(cli: Cli, target: Target, { json, html, rates, ...load }: LoadOptions): Promise<void> {
  for (const file of [json, html]) if (typeof file === 'string') requireWritable(file);
  await introduce(target, 'the key must be one that may be used');
  const onProgress = showProgress(cli);
  const report = await runBenchmark(target, { ...load, rates, stop: cli.stop, onProgress }).catch((error: unknown) => {
    if (cli.stop.aborted) throw new CommandFailure('Stopped.');
    throw unreachable(target, error);
  });
  const jsonText = JSON.stringify(report, null, 2);
  cli.out(json === true ? jsonText : textReport(report));
  if (typeof json === 'string') writeFileSync(json, `${jsonText}\n`);
  if (html !== undefined) writeFileSync(html, htmlReport(report));
}

function parseOperations(text: string): Operation[] {
  const named = text.split(',').map((name) => name.trim());
  const isOperation = (name: string): name is Operation => (OPERATIONS as readonly string[]).includes(name);
  if (named.every(isOperation)) return [...new Set(named)];
  throw new InvalidArgumentError(`Say some of ${OPERATIONS.join(', ')}, with commas between.`);
}

function parseRates(text: string): number[] {
  return text.split(',').map((rate) => numberUpTo(MAX_RATE)(rate.trim()));
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`);
  };
}
