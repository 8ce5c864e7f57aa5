#!/usr/bin/env node
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { Command, CommanderError } from 'commander';
import { CommandFailure, type Cli } from './commands/cli.ts';
import { ConfigError } from './config/problem.ts';
import { Pkcs11Failure } from './hsm/pkcs11/pkcs11Failure.ts';
import { processChannel } from './messaging/processChannel.ts';
import { LOG_DESCRIPTOR } from './server/workers/relayOutput.ts';
import { version } from './version.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_GRACE_MS = 2_000;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stop.abort(signal);
  });
let hangup = (): void => {
  stop.abort('SIGHUP');
};
process.on('SIGHUP', () => {
  hangup();
});

// The reader of a pipe, such as head, may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// What is written there is lost with its reader, such as the last words of a worker. The log has a stream of its own.
process.stderr.on('error', () => undefined);

// A worker that hangs in a call of a PKCS#11 module does not notice that its supervisor has ended. Nor can process.exit() end it if
// the call is in a thread, or if there is log left that no one reads.
function killWorkers(): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
}
process.on('exit', killWorkers);
if (cluster.isWorker) {
  process.prependOnceListener('disconnect', () => {
    process.kill(process.pid, 'SIGKILL');
  });
}

const cli: Cli = {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  // Not blocking, if it is a pipe, since process.stdout was made above; a worker's is the same one.
  logDescriptor: cluster.isWorker ? LOG_DESCRIPTOR : 1,
  err: (text) => process.stderr.write(`${text}\n`),
  interactive: process.stderr.isTTY,
  sizeThreadPool: (threads) => {
    process.env['UV_THREADPOOL_SIZE'] ??= String(threads);
  },
  abort: (message) => {
    cli.err(message);
    process.exit(EXIT_FAILED);
  },
  stop: stop.signal,
  onHangup: (listener) => {
    hangup = listener;
  },
  cores: availableParallelism(),
  supervisor: cluster.worker && { worker: cluster.worker.id, channel: processChannel(process) },
};

// What they import takes half a second to load, if all is loaded.
const COMMANDS = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  config: async () => (await import('./commands/config.ts')).configCommand,
  keystore: async () => (await import('./commands/keystore.ts')).keystoreCommand,
  credential: async () => (await import('./commands/credential.ts')).credentialCommand,
  key: async () => (await import('./commands/key.ts')).keyCommand,
  policy: async () => (await import('./commands/policy.ts')).policyCommand,
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  conformance: async () => (await import('./commands/conformance.ts')).conformanceCommand,
  kms: async () => (await import('./commands/kms.ts')).kmsCommand,
} satisfies Record<string, () => Promise<(cli: Cli) => Command>>;

const program = new Command('xks-proxy')
  .description('An AWS KMS external key store (XKS) proxy over PKCS#11')
  .version(version);
for (const load of commandsFor(process.argv[2] ?? '')) program.addCommand((await load())(cli));
throwOnExit(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
// Only a call that hangs in a PKCS#11 module keeps the process now, and it would keep process.exit() too.
setTimeout(() => {
  cli.err('a call of a PKCS#11 module has not come back: the process is killed');
  killWorkers();
  process.kill(process.pid, 'SIGKILL');
}, EXIT_GRACE_MS).unref();

/** The command that is named, or all of them, for the help or the error. */
function commandsFor(name: string): (() => Promise<(cli: Cli) => Command>)[] {
  return Object.hasOwn(COMMANDS, name) ? [COMMANDS[name as keyof typeof COMMANDS]] : Object.values(COMMANDS);
}

function throwOnExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for usage)');
  command.commands.forEach(throwOnExit);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  const ours = error instanceof CommandFailure || error instanceof ConfigError || error instanceof Pkcs11Failure;
  if (ours) cli.err(error.message);
  else cli.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT_FAILED;
}
