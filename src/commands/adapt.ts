import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** Makes a command and its subcommands throw instead of ending the process, and write where `cli` writes. */
export function adapt(command: Command, cli: Pick<Cli, 'out' | 'err'>): void {
  command.exitOverride().showHelpAfterError('(add --help for usage)');
  command.configureOutput({
    writeOut: (text) => {
      cli.out(text.trimEnd());
    },
    writeErr: (text) => {
      cli.err(text.trimEnd());
    },
  });
  for (const each of command.commands) adapt(each, cli);
}
