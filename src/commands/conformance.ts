import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InvalidOption, readTarget, type TargetOptions } from '../conformance/readTarget.ts';
import { Probe } from '../conformance/probe.ts';
import { conforms, countResults } from '../conformance/report/conformanceReport.ts';
import { htmlReport } from '../conformance/report/htmlReport.ts';
import { textReport } from '../conformance/report/textReport.ts';
import { runSuite } from '../conformance/runSuite.ts';
import { NoAnswer } from '../conformance/sendRequest.ts';
import { suite } from '../conformance/suite.ts';
import type { Target } from '../conformance/target.ts';
import { CommandFailure, type Cli } from './cli.ts';

interface ReportOptions {
  readonly only?: string;
  readonly requests: number;
  /** True: on standard output, instead of the text. */
  readonly json?: true | string;
  readonly html?: string;
}

const EXIT_USAGE = 2;
const MAX_TIMED_REQUESTS = 10_000;
const PRINCIPAL_ARN = 'arn:aws:iam::123456789012:user/Alice';
const KMS_KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** `xks-proxy conformance`: holds any XKS proxy against the specification. */
export function conformanceCommand(cli: Cli): Command {
  const command = new Command('conformance')
    .description('holds any XKS proxy against the specification')
    .requiredOption('--endpoint <url>', 'https://host[:port], or http:// for tests')
    .requiredOption('--uri-path <path>', '[/<prefix>]/kms/xks/v1')
    .requiredOption('--access-key-id <id>', 'of the SigV4 credential')
    .requiredOption('--secret-file <file>', 'with the secret access key of that credential')
    .requiredOption('--key <id>', 'an external key that may encrypt and decrypt')
    .option('--region <region>', 'of the credential scope', 'us-east-1')
    .option('--principal-arn <arn>', 'sent as awsPrincipalArn', PRINCIPAL_ARN)
    .option('--kms-key-arn <arn>', 'sent as kmsKeyArn', KMS_KEY_ARN)
    .option('--encrypt-only-key <id>', 'an external key that may only encrypt')
    .option('--decrypt-only-key <id>', 'an external key that may only decrypt')
    .option('--no-usage-key <id>', 'an external key that may do neither')
    .option('--blocked-key <id>', 'an external key that is disabled or blocked')
    .option('--second-uri-path <path>', 'of a second key store, which must be isolated from the first')
    .option('--second-access-key-id <id>', 'of its credential')
    .option('--second-secret-file <file>', 'with the secret access key of that credential')
    .option('--second-key <id>', 'an external key of the second key store')
    .option('--ca <file>', "PEM, the certificate authority of the proxy's certificate")
    .option('--client-cert <file>', 'PEM, for a proxy that wants client certificates')
    .option('--client-key <file>', 'PEM, the private key of that certificate')
    .option('--resolve <name=host:port>', 'where to connect for the name of the endpoint')
    .addOption(new Option('--only <section>', 'one section alone').choices(suite.map(({ name }) => name)))
    .option('--requests <n>', 'to be timed, of each operation; 0 for none', parseRequests, 200)
    .option('--json [file]', 'the report as JSON, on standard output without a file')
    .option('--html <file>', 'the report as a page for a browser');
  return command.action(async (options: TargetOptions & ReportOptions) => {
    await run(cli, readTargetOf(options, command), options);
  });
}

async function run(cli: Cli, target: Target, { only, requests, json, html }: ReportOptions): Promise<void> {
  const sections = suite.filter(({ name }) => only === undefined || name === only);
  const onProgress = showProgress(cli);
  for (const file of [json, html]) if (typeof file === 'string') requireWritable(file);
  await introduce(target);
  const report = await runSuite(target, { sections, requests, stop: cli.stop, onProgress }).catch((error: unknown) => {
    if (cli.stop.aborted) throw new CommandFailure('Stopped.');
    throw unreachable(target, error);
  });

  const jsonText = JSON.stringify(report, null, 2);
  cli.out(json === true ? jsonText : textReport(report));
  if (typeof json === 'string') writeFileSync(json, `${jsonText}\n`);
  if (html !== undefined) writeFileSync(html, htmlReport(report));

  if (conforms(report)) return;
  const failed = countResults(report, 'MUST', 'fail');
  throw new CommandFailure(report.stopped ?? `MUST cases that fail: ${failed}`);
}

/** Throws CommandFailure if the proxy does not know us: then every case would fail, and none would say anything of the proxy. */
async function introduce(target: Target): Promise<void> {
  const answer = await new Probe(target, []).store.call('metadata').catch((error: unknown) => {
    throw unreachable(target, error);
  });
  const hints: Readonly<Record<number, string>> = {
    401: 'check --access-key-id, --secret-file, --region and the clocks',
    404: 'check --uri-path and --key',
  };
  const hint = hints[answer.status];
  if (hint === undefined) return;
  const said = answer.body
    .toString('latin1')
    .slice(0, 300)
    .replaceAll(/[^\x20-\x7e]/g, '?');
  throw new CommandFailure(
    `The proxy refused the first request with ${answer.status} ${said}\nNothing was tested: ${hint}.`,
  );
}

function unreachable({ endpoint }: Target, error: unknown): unknown {
  if (!(error instanceof NoAnswer)) return error;
  // Node's advice on certificate authorities is about Node.
  const [reason] = error.message.split('; if the root CA');
  const advice = reason === error.message ? '' : '; name its certificate authority with --ca FILE';
  return new CommandFailure(`${endpoint.url.origin} cannot be reached: ${reason ?? ''}${advice}`);
}

function requireWritable(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'a' });
  } catch (error) {
    throw new CommandFailure(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

function readTargetOf(options: TargetOptions, command: Command): Target {
  try {
    return readTarget(options);
  } catch (error) {
    if (!(error instanceof InvalidOption)) throw error;
    return command.error(`error: ${error.message}`, { exitCode: EXIT_USAGE });
  }
}

function parseRequests(text: string): number {
  const requests = Number(text);
  if (/^\d+$/.test(text) && requests <= MAX_TIMED_REQUESTS) return requests;
  throw new InvalidArgumentError(`Give a number from 0 to ${MAX_TIMED_REQUESTS}.`);
}

/** One line that is redrawn for a person, one line a phase for a log. */
function showProgress(cli: Cli): (phase: string, detail: string) => void {
  let shown: string | undefined;
  return (phase, detail) => {
    // Standard error is written in lines: up one line, and clear it.
    if (cli.interactive) cli.err(`${shown === undefined ? '' : '\x1b[1A\x1b[2K'}${phase}: ${detail}`);
    else if (phase !== shown) cli.err(phase);
    shown = phase;
  };
}
