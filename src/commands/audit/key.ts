import { Command, InvalidArgumentError } from 'commander';
import { newAuditKey, parseAuditKey } from '../../audit/auditKey.ts';
import { ORIGIN_PATTERN } from '../../audit/logFolder.ts';
import { NoteSigner } from '../../audit/signedNote.ts';
import type { Cli } from '../cli.ts';
import { writeNew } from './writeNew.ts';

interface Options {
  readonly out: string;
  readonly origin?: string;
}

const SLOTS = ['main', 'cli', 'w1', 'w2'];

/** `xks-proxy audit key`: makes the key that signs checkpoints. */
export function auditKeyCommand(cli: Cli): Command {
  return new Command('key')
    .description('makes the Ed25519 key that signs the checkpoints of the audit log, in a new file')
    .requiredOption('--out <file>', 'where to write it: PKCS#8, PEM, for its owner alone; never overwritten')
    .option(
      '--origin <name>',
      'audit.origin of the configuration: prints the verifier keys of its logs, for an auditor to keep away from this host',
      parseOrigin,
    )
    .action(({ out, origin }: Options) => {
      const pem = newAuditKey();
      writeNew(out, pem);
      cli.err(`Wrote ${out}. Name it in the configuration: audit: { key: { file: ${out} }, ... }`);
      if (origin === undefined) {
        cli.err('With --origin it also prints the verifier keys; each log has its own in its file vkey, too.');
        return;
      }
      const key = parseAuditKey(pem);
      for (const slot of SLOTS) cli.out(new NoteSigner(`${origin}/${slot}`, key).vkey);
    });
}

function parseOrigin(text: string): string {
  if (ORIGIN_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('Give a name without blanks and +, such as xks.example.com/proxy-1.');
}
