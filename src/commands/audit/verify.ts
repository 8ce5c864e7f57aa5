import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { findLogs, type FoundLog } from '../../audit/format/findLogs.ts';
import { recordBytes } from '../../audit/format/logParts.ts';
import type { VerifierKey } from '../../audit/format/signedNote.ts';
import { verifyLogs, type AuditReport } from '../../audit/verify/verifyLogs.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { describeReport, plural } from './describeReport.ts';
import { withPlainFailures } from './plainFailures.ts';
import { Progress } from './progress.ts';
import { readKeptCheckpoints, readVkeys } from './readTrusted.ts';
import { verifyProof } from './verifyProof.ts';

interface Options {
  readonly vkey?: readonly VerifierKey[];
  readonly checkpoint?: readonly string[];
  readonly proof?: string;
  readonly record?: string;
  readonly json?: true;
  readonly strict?: true;
}

const MB = 1_000_000;
// Node's default. Signatures are verified in these threads.
const MIN_THREADS = 4;
const OWN_KEYS =
  'The verifier keys are those that the folders hold themselves: this proves nothing against someone who could change\n' +
  'both the records and the keys. Give --vkey with a file of verifier keys that was kept elsewhere.';
const NOTHING_KEPT =
  'No checkpoint was given that was kept elsewhere: the newest records may have been cut off together with their\n' +
  'checkpoints, and this does not show it. Give --checkpoint with a file of checkpoints that were kept elsewhere.';

/** `xks-proxy audit verify`: checks the integrity of logs, or a proof of one record. */
export function auditVerifyCommand(cli: Cli): Command {
  const command = new Command('verify')
    .description('verifies that no record was changed, dropped or reordered; also while a proxy writes')
    .argument('[dir]', 'the audit directory, or the folder of one log')
    .option('--vkey <file>', 'verifier keys kept elsewhere, one a line', readVkeys)
    .option('--checkpoint <file>', 'checkpoints kept elsewhere, which the logs must extend', readKeptCheckpoints)
    .option('--proof <file>', 'verifies a proof of one record (audit prove) instead of logs; needs --vkey')
    .option('--record <file>', 'with --proof: the proven record, if the proof does not contain it')
    .option('--strict', 'fails also if there is a note, such as that a log is missing')
    .option('--json', 'prints JSON');
  return command.action(async (directory: string | undefined, options: Options) => {
    const { proof, vkey, record, checkpoint, json = false } = options;
    const refuse = (message: string) => command.error(`error: ${message}`);
    if ((directory === undefined) === (proof === undefined)) refuse('give either a folder or --proof');
    if (proof !== undefined && !vkey) refuse('--proof needs --vkey');
    if (proof !== undefined && checkpoint) refuse('--checkpoint is for logs, not for a proof');
    if (proof === undefined && record !== undefined) refuse('--record needs --proof');
    await withPlainFailures(async () => {
      if (proof !== undefined) verifyProof(cli, { proof, keys: vkey ?? [], record, json });
      else await verify(cli, directory ?? '', options);
    });
  });
}

async function verify(cli: Cli, directory: string, { vkey, checkpoint = [], json, strict }: Options): Promise<void> {
  cli.sizeThreadPool(Math.max(MIN_THREADS, cli.cores));
  const progress = new Progress(cli);
  const total = findLogs(directory).reduce((sum, log) => sum + recordBytes(log.path), 0);
  const read = { records: 0, bytes: 0 };
  const startedAt = performance.now();
  const pause = async (_log: FoundLog, records: number, bytes: number) => {
    read.records += records;
    read.bytes += bytes;
    const speed = Math.round((1000 * read.records) / (performance.now() - startedAt));
    const work = `${read.records.toLocaleString('en')} records, ${speed.toLocaleString('en')} a second`;
    progress.report(work, Math.floor(read.bytes / MB), Math.ceil(total / MB), 'MB');
    // Lets signals be handled.
    await nextTurn();
    if (cli.stop.aborted) throw new CommandFailure('Stopped.');
  };
  const report = await verifyLogs(directory, { trusted: vkey, kept: checkpoint, pause }).finally(() => {
    progress.clear();
  });
  if (json) cli.out(JSON.stringify({ ...report, vkeys: vkey ? 'given' : 'own' }, null, 2));
  else cli.out([describeReport(report), ...warningsOf(report, vkey, checkpoint)].join('\n\n'));
  if (!report.good) throw new CommandFailure(describeFailure(report));
  if (strict && report.notes.length > 0) {
    throw new CommandFailure(`Not good: ${plural(report.notes.length, 'note')}, and --strict allows none.`);
  }
  if (!json) cli.out(`\n${describeSuccess(report)}`);
}

/** Returns what the result does not show, for lack of evidence from elsewhere. */
function warningsOf(
  { good }: AuditReport,
  keys: readonly VerifierKey[] | undefined,
  kept: readonly string[],
): string[] {
  if (!keys) return [OWN_KEYS];
  return good && kept.length === 0 ? [NOTHING_KEPT] : [];
}

function describeSuccess({ logs, notes }: AuditReport): string {
  const what = logs.length === 1 ? 'the log is' : `all ${logs.length} logs are`;
  const unsigned = logs.reduce((sum, log) => sum + log.unsigned, 0);
  const from = logs.some(({ firstIndex }) => firstIndex > 0) ? ' from the first record on that was not deleted' : '';
  const but = `${from}${unsigned === 0 ? '' : `, except ${plural(unsigned, 'record')} that nothing signs yet`}`;
  if (notes.length === 0) return `Good: ${what} as written${but}.`;
  return `Incomplete: ${what} as written${but}. The notes say what is missing.`;
}

function describeFailure({ logs, problems }: AuditReport): string {
  const count = logs.reduce((sum, { problemCount }) => sum + problemCount, problems.length);
  return `Not good: ${plural(count, 'problem')}.`;
}
