import { basename, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { findLogs, type FoundLog } from '../../audit/format/findLogs.ts';
import { ProofFailure, proveRecord } from '../../audit/verify/proveRecord.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { withPlainFailures } from './plainFailures.ts';
import { Progress } from './progress.ts';
import { writeNew } from './writeNew.ts';

interface Options {
  readonly out?: string;
  readonly json?: true;
}

/** `xks-proxy audit prove`: proves that a record is in a log. */
export function auditProveCommand(cli: Cli): Command {
  return new Command('prove')
    .description('makes a proof that a record is in a log (C2SP tlog-proof), which carries the record and needs no log')
    .argument('<dir>', 'the folder of one log')
    .argument('<index>', 'index of the record', parseIndex)
    .option('--out <file>', 'where to write the proof; never overwritten. Without it: standard output')
    .option('--json', 'prints JSON, with the proof in it')
    .action((directory: string, index: number, options: Options) =>
      withPlainFailures(() => prove(cli, directory, index, options)),
    );
}

async function prove(cli: Cli, directory: string, index: number, { out, json }: Options): Promise<void> {
  const log = onlyLog(directory);
  const progress = new Progress(cli);
  const pause = async (done: number, total: number) => {
    progress.report(`record ${index}`, done, total, 'records');
    // Lets signals be handled.
    await nextTurn();
    if (cli.stop.aborted) throw new CommandFailure('Stopped.');
  };
  const proven = await proveRecord(log, index, pause)
    .catch((error: unknown) => {
      throw error instanceof ProofFailure ? new CommandFailure(error.message) : error;
    })
    .finally(() => {
      progress.clear();
    });
  const { head, proof } = proven;
  const record = proven.record.toString();
  if (out !== undefined) writeNew(out, proof);
  if (json) {
    cli.out(JSON.stringify({ log: head.origin, index, size: head.size, record, proof }, null, 2));
    return;
  }
  cli.out(out === undefined ? proof.trimEnd() : record);
  if (out === undefined) cli.err(record);
  const carrier = out ?? 'The proof';
  cli.err(`${carrier} shows that this is record ${index} of ${head.origin}, by the checkpoint of size ${head.size}.`);
}

function onlyLog(directory: string): FoundLog {
  const [log, ...others] = findLogs(directory);
  if (log && others.length === 0) return log;
  const folders = [log, ...others].flatMap((each) => (each ? basename(resolve(each.path)) : []));
  throw new CommandFailure(`${directory} has several logs; name the folder of one: ${folders.join(', ')}`);
}

function parseIndex(text: string): number {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the index of a record, from 0.');
}
