import { Command, InvalidArgumentError, Option } from 'commander';
import type { TargetOptions } from '../xksClient/readTarget.ts';
import { conforms, countResults } from '../conformance/report/conformanceReport.ts';
import { htmlReport } from '../conformance/report/htmlReport.ts';
import { textReport } from '../conformance/report/textReport.ts';
import { runSuite } from '../conformance/runSuite.ts';
import { suite } from '../conformance/suite.ts';
import type { Target } from '../xksClient/target.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { addReportOptions, reportOnProxy, type ReportOutput } from './reportOnProxy.ts';
import { addTargetOptions, readTargetOf } from './xksProxyTarget.ts';

interface ConformanceOptions extends ReportOutput {
  readonly only?: readonly string[];
  readonly requests: number;
}

const MAX_TIMED_REQUESTS = 10_000;

/** `xks-proxy conformance`: tests any XKS proxy against the specification. */
export function conformanceCommand(cli: Cli): Command {
  const command = new Command('conformance').description('tests any XKS proxy against the specification');
  addTargetOptions(command);
  command
    .option('--encrypt-only-key <id>', 'an external key that may only encrypt')
    .option('--decrypt-only-key <id>', 'an external key that may only decrypt')
    .option('--no-usage-key <id>', 'an external key that may neither encrypt nor decrypt')
    .option('--blocked-key <id>', 'an external key that is disabled or blocked')
    .option('--second-uri-path <path>', 'URI path of a second key store, which must be isolated from the first')
    .option('--second-access-key-id <id>', 'access key id of its credential')
    .option('--second-secret-file <file>', 'file with the secret access key of that credential')
    .option('--second-key <id>', 'an external key of the second key store')
    .addOption(
      new Option('--only <section...>', 'runs only these sections; may be given several times').choices(
        suite.map(({ name }) => name),
      ),
    )
    .option('--requests <n>', 'number of timed requests of each operation; 0 for none', parseRequests, 200);
  addReportOptions(command);
  return command.action(async (options: TargetOptions & ConformanceOptions) => {
    await run(cli, readTargetOf(options, command), options);
  });
}

async function run(cli: Cli, target: Target, { only, requests, ...output }: ConformanceOptions): Promise<void> {
  const sections = suite.filter(({ name }) => only === undefined || only.includes(name));
  const report = await reportOnProxy(cli, target, output, {
    run: (onProgress) => runSuite(target, { sections, requests, stop: cli.stop, onProgress }),
    toText: textReport,
    toHtml: htmlReport,
  });
  if (conforms(report)) return;
  const failed = countResults(report, 'MUST', 'fail');
  throw new CommandFailure(report.stopped ?? `MUST cases that fail: ${failed}`);
}

function parseRequests(text: string): number {
  const requests = Number(text);
  if (/^\d+$/.test(text) && requests <= MAX_TIMED_REQUESTS) return requests;
  throw new InvalidArgumentError(`Give a number from 0 to ${MAX_TIMED_REQUESTS}.`);
}
