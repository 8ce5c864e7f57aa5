import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { loadConfig, type LoadedConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema.ts';
import { createLogger, type LogOutput } from '../monitoring/logger.ts';
import { ListenFailure, Proxy } from '../proxy.ts';
import { Reloader } from '../reloader.ts';
import { Supervisor, SupervisorFailure } from '../server/workers/supervisor.ts';
import { runWorker } from '../server/workers/worker.ts';
import type { ServeOrder, Serving } from '../server/serving.ts';
import { version } from '../version.ts';
import { CommandFailure, type Cli } from './cli.ts';

/** `xks-proxy serve`: runs the proxy until the process is asked to stop. */
export function serveCommand(cli: Cli): Command {
  return new Command('serve')
    .description(
      'runs the proxy; logs JSON lines on standard output, reloads the configuration when it changes and on SIGHUP',
    )
    .requiredOption('--config <file>', 'the configuration file')
    .action(async ({ config: file }: { config: string }) => {
      const loss = (reason: string) => cli.abort(`the log cannot be written: ${reason}`);
      if (cli.supervisor) {
        const { supervisor, env } = cli;
        await runWorker(supervisor, (order) => {
          const { log } = createLogger(order.logLevel, loss, { worker: supervisor.worker });
          return Proxy.start(order, { env, log });
        });
        return;
      }
      const loaded = loadConfig(file, cli.env);
      refuseUnserved(loaded.config);
      cli.sizeThreadPool(threadsFor(loaded.config));
      const output = createLogger(loaded.config.log.level, loss);
      for (const warning of loaded.warnings) output.log.warn(warning);
      await serve(file, loaded, output, cli).catch(explain);
    });
}

// Never as if they were not there.
function refuseUnserved({ server, monitoring, keyStores }: Config): void {
  const unserved = [
    ...(server.proxyProtocol.enabled ? ['server.proxyProtocol'] : []),
    ...(monitoring ? ['monitoring'] : []),
    ...(keyStores.some(({ quota }) => quota) ? ['keyStores[].quota'] : []),
  ];
  if (unserved.length > 0) throw new CommandFailure(`not served by this version: ${unserved.join(', ')}`);
}

// Node's own work has four threads by default; each session that calls through the pool may hold another.
function threadsFor({ keyManagers }: Config): number {
  const pooled = keyManagers.filter(({ pkcs11 }) => pkcs11.calls === 'threadpool');
  return Math.min(1024, 4 + pooled.reduce((sum, { pkcs11 }) => sum + pkcs11.sessions, 0));
}

async function serve(file: string, loaded: LoadedConfig, output: LogOutput, cli: Cli): Promise<void> {
  const { server } = loaded.config;
  const { log } = output;
  const processes = server.workers === 'auto' ? cli.cores : server.workers;
  const ticketKeys = randomBytes(48);
  const toOrder = ({ config, snapshot }: LoadedConfig): ServeOrder => {
    return { file, snapshot, ticketKeys, logLevel: config.log.level, processes };
  };
  if (!server.tls) log.warn('plain HTTP: for local tests only');

  const serving = await start(toOrder(loaded), loaded.config, output, cli);
  const { address, port } = serving.address;
  log.info({ host: address, port, tls: server.tls !== undefined, workers: processes, version }, 'listening');

  const reloader = new Reloader({ file, env: cli.env, loaded, serving, toOrder, log });
  cli.onHangup(() => {
    reloader.reload('SIGHUP');
  });
  try {
    const signal = await Promise.race([stopped(cli.stop), serving.ended]);
    log.info({ signal, drainSeconds: server.drainSeconds }, 'draining');
  } finally {
    await reloader.stop();
    await serving.drain(0);
  }
  log.info('stopped');
}

function start(order: ServeOrder, { server }: Config, { log, write }: LogOutput, cli: Cli): Promise<Serving> {
  if (order.processes === 1) return Proxy.start(order, { env: cli.env, log });
  return Supervisor.start(order, {
    output: {
      log: write,
      error: (text) => {
        cli.err(text);
      },
    },
    log,
    clock: () => performance.now(),
    drainMs: server.drainSeconds * 1000,
  });
}

async function stopped(stop: AbortSignal): Promise<string> {
  if (!stop.aborted)
    await new Promise((resolve) => {
      stop.addEventListener('abort', resolve, { once: true });
    });
  return String(stop.reason);
}

function explain(error: unknown): never {
  if (error instanceof ListenFailure || error instanceof SupervisorFailure) throw new CommandFailure(error.message);
  throw error;
}
