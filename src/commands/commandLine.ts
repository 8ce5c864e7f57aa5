import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/problems/problem.ts';
import { Pkcs11Failure } from '../hsm/pkcs11/pkcs11Failure.ts';
import { version } from '../version.ts';
import { adapt } from './adapt.ts';
import { CommandFailure, FailureTold, type Cli } from './cli.ts';
import { requireConfig } from './configOption.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

// Loaded on demand, because the imports of all commands take half a second.
const COMMANDS = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  config: async () => (await import('./config.ts')).configCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  keystore: async () => (await import('./keystore.ts')).keystoreCommand,
  credential: async () => (await import('./credential.ts')).credentialCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  policy: async () => (await import('./policy.ts')).policyCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  benchmark: async () => (await import('./benchmark.ts')).benchmarkCommand,
  conformance: async () => (await import('./conformance.ts')).conformanceCommand,
  kms: async () => (await import('./kms.ts')).kmsCommand,
  'cloudhsm-cli': async () => (await import('./cloudHsmCli.ts')).cloudHsmCliCommand,
  'cloudhsm-cluster': async () => (await import('./cloudHsmCluster.ts')).cloudHsmClusterCommand,
} satisfies Record<string, () => Promise<(cli: Cli) => Command>>;

// Commands for this program's own use.
const HIDDEN: readonly string[] = ['cloudhsm-cluster'];

/** Runs the command that the arguments of `xks-proxy` name. Resolves to its exit code; an error is written to standard error. */
export async function runCommandLine(cli: Cli, args: readonly string[]): Promise<number> {
  const program = new Command('xks-proxy')
    .description('An AWS KMS external key store (XKS) proxy over PKCS#11')
    .version(version)
    .hook('preAction', (_, command) => {
      requireConfig(command, cli);
    });
  for (const load of commandsFor(args[0] ?? '')) {
    const command = (await load())(cli);
    program.addCommand(command, { hidden: HIDDEN.includes(command.name()) });
  }
  adapt(program, cli);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return exitCodeOf(error, cli);
  }
}

/** Returns the named command or, for the help or an error, all of them. */
function commandsFor(name: string): (() => Promise<(cli: Cli) => Command>)[] {
  return Object.hasOwn(COMMANDS, name) ? [COMMANDS[name as keyof typeof COMMANDS]] : Object.values(COMMANDS);
}

function exitCodeOf(error: unknown, { err }: Cli): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof FailureTold) return EXIT_FAILED;
  const ours = error instanceof CommandFailure || error instanceof ConfigError || error instanceof Pkcs11Failure;
  if (ours) err(error.message);
  else err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT_FAILED;
}
