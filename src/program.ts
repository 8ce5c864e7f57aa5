import cluster from 'node:cluster';
import inspector from 'node:inspector';
import { availableParallelism } from 'node:os';
import type { Cli } from './commands/cli.ts';
import { runCommandLine } from './commands/commandLine.ts';
import { escapeLines } from './commands/escapeInvisible.ts';
import { processChannel } from './messaging/processChannel.ts';
import { NODE_FLAGS } from './processFlags.ts';
import { LOG_DESCRIPTOR } from './server/workers/relayOutput.ts';

const EXIT_FAILED = 1;
const EXIT_GRACE_MS = 2_000;
const INSPECTOR_MS = 500;

// A SIGUSR1 before the first statement of main.ts, or NODE_OPTIONS, may have opened it. An inspector flag on the command line is
// intended.
function closeInspector(): void {
  if (inspector.url() === undefined) return;
  if (process.execArgv.some((flag) => /^--inspect(-brk|-wait)?(=|$)/.test(flag))) return;
  inspector.close();
  process.stderr.write("Node's inspector was closed, because it lets every user of this machine read the secrets.\n");
}
closeInspector();
// For one signal, Node may open the inspector twice: by interrupting the program, and by an event that its thread may send late.
setImmediate(closeInspector);
setInterval(closeInspector, INSPECTOR_MS).unref();

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

// The reader of a pipe, such as head, may close it early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Text written to standard error is lost with its reader, such as the last output of a worker. The log has its own stream.
process.stderr.on('error', () => undefined);

// A worker that hangs in a call of a PKCS#11 module does not notice that its supervisor has ended. process.exit() cannot end the
// worker either if the call is in a thread, or if no one reads the remaining log.
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
  defaultConfigFile: '/etc/xks-proxy/config.yaml',
  out: (text) => process.stdout.write(`${escapeLines(text)}\n`),
  // If it is a pipe, it is non-blocking, since process.stdout was created above. A worker has the same pipe.
  logDescriptor: cluster.isWorker ? LOG_DESCRIPTOR : 1,
  err: (text) => process.stderr.write(`${escapeLines(text)}\n`),
  // Moves the cursor up one line and clears it.
  redraw: (text) => process.stderr.write(`\x1b[1A\x1b[2K${text === undefined ? '' : `${escapeLines(text)}\n`}`),
  get prompts() {
    return { input: process.stdin, output: process.stdin.isTTY ? process.stdout : process.stderr };
  },
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
  program: [process.execPath, ...NODE_FLAGS, ...process.execArgv, process.argv[1] ?? ''],
  cores: availableParallelism(),
  parent: process.send && processChannel(process),
  supervisor: cluster.worker && { worker: cluster.worker.id, channel: processChannel(process) },
};

process.exitCode = await runCommandLine(cli, process.argv.slice(2));
// Only a call that hangs in a PKCS#11 module keeps the process alive now. It would block process.exit() too.
setTimeout(() => {
  cli.err('a call of a PKCS#11 module has not returned: the process is killed');
  killWorkers();
  process.kill(process.pid, 'SIGKILL');
}, EXIT_GRACE_MS).unref();
