import { realpathSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { findLogs, nameOf } from '../../audit/format/findLogs.ts';
import { queryLog, snapshotLog, workOf, type LogSnapshot, type QueryStep } from '../../audit/read/queryLog.ts';
import type { RecordQuery } from '../../audit/read/recordQuery.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { escapeInvisible } from '../escapeInvisible.ts';
import { describeRecord, recordAsJson } from './describeRecord.ts';
import { parseTime } from './parseTime.ts';
import { withPlainFailures } from './plainFailures.ts';
import { Progress } from './progress.ts';

interface Options {
  readonly key?: string;
  readonly keyVersion?: string;
  readonly keyStore?: string;
  readonly principal?: string;
  readonly operation?: string;
  readonly outcome?: string;
  readonly kmsRequestId?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly type: string;
  readonly count?: true;
  readonly json?: true;
}

const OPERATIONS = ['Encrypt', 'Decrypt', 'GetKeyMetadata', 'GetHealthStatus'];
const TYPES = [
  'request',
  'start',
  'stop',
  'reload',
  'admin',
  'heartbeat',
  'omitted',
  'correction',
  'checkpoint',
  'all',
];
const EXIT_USAGE = 2;
const MAX_WARNINGS = 10;
const MB = 1_000_000;

/** `xks-proxy audit query`: prints the records of logs that meet all conditions, or the number of these records. */
export function auditQueryCommand(cli: Cli): Command {
  const command = new Command('query')
    .description('prints the records that meet all conditions; it does not verify the logs (see audit verify)')
    .argument('<dir...>', 'audit directories, or folders of single logs, of one host or several')
    .option('--key <id>', 'external key id')
    .option('--key-version <label>', 'label of the key version that served')
    .option('--key-store <name>', 'key store')
    .option('--principal <arn>', 'awsPrincipalArn; each * stands for any text')
    .addOption(new Option('--operation <name>', 'XKS operation').choices(OPERATIONS))
    .addOption(new Option('--outcome <outcome>', 'after corrections').choices(['success', 'failure']))
    .option('--kms-request-id <id>', 'kmsRequestId, which CloudTrail has as well')
    .option('--from <time>', 'ISO 8601: a date (UTC), or a time with Z or an offset', parseTime)
    .option('--to <time>', 'the same format; only records before this time', parseTime)
    .addOption(new Option('--type <type>', 'type of record').choices(TYPES).default('request'))
    .option('--count', 'prints only the number of records')
    .option('--json', 'prints JSON, one object a line');
  return command.action(async (folders: string[], options: Options) => {
    if (options.from && options.to && options.from >= options.to)
      command.error('error: --from is not before --to', { exitCode: EXIT_USAGE });
    await withPlainFailures(() => new Query(cli, options).run(folders));
  });
}

interface OpenLog {
  readonly name: string;
  readonly files: LogSnapshot;
}

class Query {
  readonly #cli: Cli;
  readonly #options: Options;
  readonly #progress: Progress;
  #count = 0;
  #unreadable = 0;
  /** Number of requests without a record of their own, by log and reason. */
  readonly #omitted = new Map<string, number>();

  constructor(cli: Cli, options: Options) {
    this.#cli = cli;
    this.#options = options;
    this.#progress = new Progress(cli);
  }

  async run(folders: readonly string[]): Promise<void> {
    const logs = this.#open(folders);
    const query = toQuery(this.#options);
    const work = logs.reduce((sum, { files }) => sum + workOf(files, query), 0);
    const { count: countOnly = false } = this.#options;
    let done = 0;
    for (const { name, files } of logs) {
      for (const step of queryLog(files, query, { countOnly })) {
        this.#take(step, name);
        done += step.bytes;
        this.#progress.report(name, Math.floor(done / MB), Math.ceil(work / MB), 'MB');
        // Lets signals be handled, and a closed standard output be noticed.
        await nextTurn();
        if (this.#cli.stop.aborted) throw new CommandFailure('Stopped.');
      }
    }
    this.#progress.clear();
    this.#conclude();
  }

  #open(folders: readonly string[]): OpenLog[] {
    const found = new Map(folders.flatMap(findLogs).map((log) => [realpathSync(log.path), log]));
    const logs = [...found.values()].map((log) => ({ name: nameOf(log), files: snapshotLog(log.path) }));
    for (const [index, { name }] of logs.entries()) {
      if (logs.findIndex((other) => other.name === name) !== index)
        this.#cli.err(`warning: two of the logs are called ${name}: records in both count twice`);
    }
    return logs;
  }

  #take({ count, found, unreadable, omitted }: QueryStep, name: string): void {
    this.#count += count;
    for (const place of unreadable) {
      this.#unreadable += 1;
      if (this.#unreadable <= MAX_WARNINGS) this.#say(`warning: ${place}: this line is not a record`);
    }
    for (const { count: requests, reason } of omitted) {
      const key = `${name}: ${reason}`;
      this.#omitted.set(key, (this.#omitted.get(key) ?? 0) + requests);
    }
    if (this.#options.count || found.length === 0) return;
    const describe = this.#options.json ? recordAsJson : describeRecord;
    this.#progress.clear();
    this.#cli.out(found.map((record) => describe(record, name)).join('\n'));
  }

  #conclude(): void {
    const { count, json } = this.#options;
    const requests = [...this.#omitted.values()].reduce((sum, each) => sum + each, 0);
    if (count) this.#cli.out(json ? JSON.stringify({ count: this.#count, omitted: requests }) : String(this.#count));
    for (const [key, each] of this.#omitted) this.#say(`note: ${each} requests have no record of their own: ${key}`);
    if (this.#unreadable === 0) return;
    throw new CommandFailure(`${this.#unreadable} lines are not records: audit verify tells more`);
  }

  #say(text: string): void {
    this.#progress.clear();
    // A reason, and the name of a log, may be anything in a file.
    this.#cli.err(escapeInvisible(text));
  }
}

function toQuery(options: Options): RecordQuery {
  const { type, key, keyVersion, keyStore, principal, operation, outcome, kmsRequestId, from, to } = options;
  return {
    type: type === 'all' ? undefined : type,
    externalKeyId: key,
    keyVersion,
    keyStore,
    awsPrincipalArn: principal,
    operation,
    outcome,
    kmsRequestId,
    from,
    to,
  };
}
