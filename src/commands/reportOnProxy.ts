import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Target } from '../xksClient/target.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { introduce, unreachable } from './xksProxyTarget.ts';

/** Where a report goes. */
export interface ReportOutput {
  /** True: on standard output, instead of the text. */
  readonly json?: true | string;
  readonly html?: string;
}

/** A run against an XKS proxy, and the forms of its report. */
export interface ReportedRun<Report> {
  /** What to do if the proxy refuses the first request for another reason than its credential, path or key. */
  readonly otherwise?: string;
  readonly run: (onProgress: (phase: string, detail: string) => void) => Promise<Report>;
  readonly toText: (report: Report) => string;
  readonly toHtml: (report: Report) => string;
}

export function addReportOptions(command: Command): void {
  command
    .option('--json [file]', 'the report as JSON, on standard output without a file')
    .option('--html <file>', 'the report as a page for a browser');
}

/** Asks an XKS proxy whether it knows us, runs, and writes the report. Throws CommandFailure. */
export async function reportOnProxy<Report>(
  cli: Cli,
  target: Target,
  { json, html }: ReportOutput,
  { otherwise, run, toText, toHtml }: ReportedRun<Report>,
): Promise<Report> {
  for (const file of [json, html]) if (typeof file === 'string') requireWritable(file);
  await introduce(target, otherwise);
  const report = await run(showProgress(cli)).catch((error: unknown) => {
    if (cli.stop.aborted) throw new CommandFailure('Stopped.');
    throw unreachable(target, error);
  });
  const jsonText = JSON.stringify(report, null, 2);
  cli.out(json === true ? jsonText : toText(report));
  if (typeof json === 'string') writeFileSync(json, `${jsonText}\n`);
  if (html !== undefined) writeFileSync(html, toHtml(report));
  return report;
}

function requireWritable(file: string): void {
  try {
    writeFileSync(file, '', { flag: 'a' });
  } catch (error) {
    throw new CommandFailure(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
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
