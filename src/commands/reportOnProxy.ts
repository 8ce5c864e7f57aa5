import { existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Target } from '../xksClient/target.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { introduce, unreachable } from './xksProxyTarget.ts';

/** Destinations of a report. */
export interface ReportOutput {
  /** True if the JSON replaces the text on standard output. */
  readonly json?: true | string;
  readonly html?: string;
}

/** A run against an XKS proxy, and the forms of its report. */
export interface ReportedRun<Report> {
  /** Advice if the proxy refuses the first request for a reason other than its credential, path or key. */
  readonly otherwise?: string;
  readonly run: (onProgress: (phase: string, detail: string) => void) => Promise<Report>;
  readonly toText: (report: Report) => string;
  readonly toHtml: (report: Report) => string;
}

export function addReportOptions(command: Command): void {
  command
    .option('--json [file]', 'the report as JSON, on standard output if no file is given')
    .option('--html <file>', 'the report as a page for a browser');
}

/** Checks that the XKS proxy accepts the credential, path and key, runs, and writes the report. Throws CommandFailure. */
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

/** Throws CommandFailure if a report could not be written to this file. Leaves no empty file, because there may be no report. */
function requireWritable(file: string): void {
  const isNew = !existsSync(file);
  try {
    writeFileSync(file, '', { flag: 'a' });
    // A link stays.
    if (isNew) rmSync(realpathSync(file));
  } catch (error) {
    throw new CommandFailure(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

/** Returns a function that shows progress: one redrawn line on a terminal, and otherwise one line per phase. */
function showProgress(cli: Cli): (phase: string, detail: string) => void {
  let shown: string | undefined;
  return (phase, detail) => {
    if (cli.interactive && shown !== undefined) cli.redraw(`${phase}: ${detail}`);
    else if (cli.interactive) cli.err(`${phase}: ${detail}`);
    else if (phase !== shown) cli.err(phase);
    shown = phase;
  };
}
