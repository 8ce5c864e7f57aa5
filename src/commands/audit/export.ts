import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { ExportFailure, exportTiles, openForExport } from '../../audit/read/exportTiles.ts';
import { findLogs } from '../../audit/format/findLogs.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { withPlainFailures } from './plainFailures.ts';
import { Progress } from './progress.ts';

/** `xks-proxy audit export`: writes logs in the form that tools for transparency logs read. */
export function auditExportCommand(cli: Cli): Command {
  return new Command('export')
    .description('writes a log as C2SP tlog-tiles, which other tools verify, such as fsck of Tessera')
    .argument('<dir>', 'the folder of a log, or an audit directory: then each log gets a folder of its name in <out>')
    .argument('<out>', 'a new or empty folder')
    .action((dir: string, out: string) => withPlainFailures(() => exportLogs(cli, dir, out)));
}

async function exportLogs(cli: Cli, dir: string, out: string): Promise<void> {
  const logs = findLogs(dir);
  if (logs.some(({ path }) => path === dir)) return exportLog(cli, dir, out);
  requireEmpty(out);
  const failures: string[] = [];
  for (const { path, state } of logs) {
    const name = basename(path);
    // The files of a sealed log contradict one another. It is evidence, not a log.
    if (state === 'sealed') cli.err(`note: ${name} was sealed and is left out`);
    else
      await exportLog(cli, path, join(out, name)).catch((error: unknown) => {
        if (!(error instanceof CommandFailure) || cli.stop.aborted) throw error;
        failures.push(error.message);
      });
  }
  if (failures.length > 0) throw new CommandFailure(failures.join('\n'));
}

async function exportLog(cli: Cli, path: string, out: string): Promise<void> {
  const progress = new Progress(cli);
  const name = basename(resolve(path));
  try {
    const log = openForExport(path);
    const { origin, size, root } = log.head;
    for (const done of exportTiles(log, out)) {
      progress.report(name, done, size, 'records');
      await nextTurn();
      if (cli.stop.aborted) throw new CommandFailure('Stopped.');
    }
    progress.clear();
    cli.out(`Wrote ${out}: ${size} records of ${origin}, root ${root.toString('base64')}`);
  } catch (error) {
    progress.clear();
    if (error instanceof ExportFailure) throw new CommandFailure(`${name} was not exported: ${error.message}`);
    throw error;
  }
}

function requireEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new CommandFailure(`${folder} is not empty`);
}
