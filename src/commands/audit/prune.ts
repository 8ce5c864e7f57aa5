import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { findLogs, nameOf } from '../../audit/format/findLogs.ts';
import { planLeftovers, planPruning } from '../../audit/read/planPruning.ts';
import { asOwnerOf } from '../asOwnerOf.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { withPlainFailures } from './plainFailures.ts';

interface Options {
  readonly keepDays: number;
  readonly dryRun?: true;
}

const DAY_MS = 86_400_000;

/** `xks-proxy audit prune`: deletes records that need not be kept any longer. */
export function auditPruneCommand(cli: Cli): Command {
  return new Command('prune')
    .description('deletes whole segments of old records, so that the rest can be verified; the proxy may run meanwhile')
    .argument('<dir>', 'the folder of a log, or an audit directory; sealed logs stay')
    .requiredOption('--keep-days <n>', 'days of 24 hours: younger records stay', parseDays)
    .option('--dry-run', 'prints what would be deleted, and deletes nothing')
    .action((dir: string, options: Options) => withPlainFailures(() => prune(cli, dir, options)));
}

async function prune(cli: Cli, dir: string, { keepDays, dryRun }: Options): Promise<void> {
  const cutoff = new Date(Date.now() - keepDays * DAY_MS);
  const plans = findLogs(dir).map((log) => ({ name: nameOf(log), ...planPruning(log, cutoff) }));
  const steps = [...planLeftovers(dir), ...plans.flatMap((plan) => plan.steps)];
  for (const { did, what, apply } of steps) {
    await nextTurn();
    if (cli.stop.aborted) throw new CommandFailure('Stopped.');
    if (!dryRun) asOwnerOf(dir, apply);
    cli.out(dryRun ? `Would have ${did} ${what}` : `${capitalize(did)} ${what}`);
  }
  const obstacles = plans.flatMap(({ name, obstacle }) => (obstacle === undefined ? [] : `${name}: ${obstacle}`));
  if (obstacles.length > 0) {
    throw new CommandFailure(
      `Old segments stay, because the rest could not be verified without them:\n${obstacles.join('\n')}`,
    );
  }
  if (steps.length === 0) cli.out(`Nothing to do: no whole segment is older than ${cutoff.toISOString()}`);
}

function capitalize(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

function parseDays(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number of days, at least 1.');
}
