import { Command, InvalidArgumentError } from 'commander';
import { EncryptRefused } from '../benchmark/prepareRequests.ts';
import { htmlReport } from '../benchmark/report/htmlReport.ts';
import { textReport } from '../benchmark/report/textReport.ts';
import { runBenchmark } from '../benchmark/runBenchmark.ts';
import { OPERATIONS, type Operation } from '../xksClient/keyStoreClient.ts';
import type { TargetOptions } from '../xksClient/readTarget.ts';
import type { Target } from '../xksClient/target.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { addReportOptions, reportOnProxy, type ReportOutput } from './reportOnProxy.ts';
import { addTargetOptions, readTargetOf } from './xksProxyTarget.ts';

interface BenchmarkArguments extends ReportOutput {
  readonly operations: readonly Operation[];
  readonly rates?: readonly number[];
  readonly connections: number;
  readonly seconds: number;
}

const MAX_RATE = 100_000;
const MAX_CONNECTIONS = 1_000;
// All requests are signed before the first is sent, and a signature is valid for five minutes.
const MAX_SECONDS = 240;

/** `xks-proxy benchmark`: measures how much load any XKS proxy sustains. */
export function benchmarkCommand(cli: Cli): Command {
  const command = new Command('benchmark').description(
    'measures how many requests a second any XKS proxy answers within the 250 ms of KMS; it puts load on the proxy and its HSM',
  );
  addTargetOptions(command);
  command
    .option('--operations <list>', `operations to send in turn, some of ${OPERATIONS.join(', ')}`, parseOperations, [
      'encrypt',
      'decrypt',
    ])
    .option(
      '--rates <list>',
      'requests per second, such as 500,1800,3600 (default: search for the highest that holds)',
      parseRates,
    )
    .option('--connections <n>', 'connections to keep open, as KMS does', numberUpTo(MAX_CONNECTIONS), 32)
    .option('--seconds <n>', 'duration of each rate', numberUpTo(MAX_SECONDS), 10);
  addReportOptions(command);
  return command.action(async (options: TargetOptions & BenchmarkArguments) => {
    await run(cli, readTargetOf(options, command), options);
  });
}

async function run(cli: Cli, target: Target, { json, html, rates, ...load }: BenchmarkArguments): Promise<void> {
  await reportOnProxy(cli, target, { json, html } as ReportOutput, {
    otherwise: 'check that --key names a key that may be used',
    run: (onProgress) =>
      runBenchmark(target, { ...load, rates, stop: cli.stop, onProgress }).catch((error: unknown) => {
        throw error instanceof EncryptRefused ? new CommandFailure(error.message) : error;
      }),
    toText: textReport,
    toHtml: htmlReport,
  });
}

function parseOperations(text: string): Operation[] {
  const named = text.split(',').map((name) => name.trim());
  const isOperation = (name: string): name is Operation => (OPERATIONS as readonly string[]).includes(name);
  if (named.every(isOperation)) return [...new Set(named)];
  throw new InvalidArgumentError(`Give some of ${OPERATIONS.join(', ')}, separated by commas.`);
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
