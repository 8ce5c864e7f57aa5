import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { newAuditKey, parseAuditKey } from '../../audit/format/auditKey.ts';
import { ORIGIN_PATTERN } from '../../audit/format/logFolder.ts';
import { NoteSigner } from '../../audit/format/signedNote.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { writeNew } from './writeNew.ts';

interface Options {
  readonly out?: string;
  readonly in?: string;
  readonly origin?: string;
  readonly workers: number;
}

// The limit of server.workers in the configuration.
const MAX_WORKERS = 64;

/** `xks-proxy audit key`: makes the key that signs checkpoints, and prints what verifies them. */
export function auditKeyCommand(cli: Cli): Command {
  const command = new Command('key')
    .description('makes the Ed25519 key that signs the checkpoints of the audit log, and prints its verifier keys')
    .option('--out <file>', 'where to write a new key: PKCS#8, PEM, readable by its owner only; never overwritten')
    .addOption(new Option('--in <file>', 'an existing key, to print its verifier keys only').conflicts('out'))
    .option(
      '--origin <name>',
      'audit.origin of the configuration: prints the verifier keys of its logs, for an auditor to keep away from this host',
      parseOrigin,
    )
    .option('--workers <n>', 'how many workers have logs', parseWorkers, 4);
  return command.action((options: Options) => {
    const { out, in: given, origin, workers } = options;
    if (out === undefined && (given === undefined || origin === undefined)) {
      command.error('error: give --out <file> for a new key, or --in <file> and --origin <name> for an existing key');
    }
    const pem = given === undefined ? newAuditKey() : read(given);
    if (out !== undefined) {
      writeNew(out, pem);
      cli.err(`Wrote ${out}. Name it in the configuration: audit: { key: { file: ${out} }, ... }`);
    }
    if (origin === undefined) {
      cli.err('With --origin it also prints the verifier keys; each log has its own in its file vkey, too.');
      return;
    }
    const key = parse(pem);
    const slots = ['main', 'cli', ...Array.from({ length: workers }, (_, index) => `w${index + 1}`)];
    for (const slot of slots) cli.out(new NoteSigner(`${origin}/${slot}`, key).vkey);
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure((error as Error).message);
  }
}

function parse(pem: string) {
  try {
    return parseAuditKey(pem);
  } catch (error) {
    throw new CommandFailure(`the key ${(error as Error).message}`);
  }
}

function parseOrigin(text: string): string {
  // The configuration expands this too.
  const origin = text.replaceAll('${HOSTNAME}', hostname());
  if (ORIGIN_PATTERN.test(origin)) return origin;
  throw new InvalidArgumentError('Give a name without blanks and +, such as xks.example.com/proxy-1.');
}

function parseWorkers(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) <= MAX_WORKERS) return Number(text);
  throw new InvalidArgumentError(`Give a number up to ${MAX_WORKERS}.`);
}
