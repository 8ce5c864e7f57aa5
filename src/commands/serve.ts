import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { loadConfig, type LoadedConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema.ts';
import { createLogger, type LogOutput } from '../monitoring/logger.ts';
import { lifecycleMetrics, type LifecycleMetrics } from '../monitoring/metrics/lifecycleMetrics.ts';
import { processMetrics } from '../monitoring/metrics/processMetrics.ts';
import { retainCounts } from '../monitoring/metrics/retainCounts.ts';
import type { MonitoringListener } from '../monitoring/monitoringListener.ts';
import { startMonitoring } from '../monitoring/startMonitoring.ts';
import { Proxy } from '../proxy/proxy.ts';
import { Reloader } from '../proxy/reloader.ts';
import { ListenFailure } from '../server/listenFailure.ts';
import { Supervisor } from '../server/workers/supervisor.ts';
import { SupervisorFailure } from '../server/workers/supervisorFailure.ts';
import { runWorker } from '../server/workers/worker.ts';
import { skipProxyHeader } from '../server/skipProxyHeader.ts';
import type { ServeOrder, Serving } from '../server/serving.ts';
import { version } from '../version.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { stopped } from './stopped.ts';

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
        await runWorker(supervisor, ({ order, slot, ...others }) => {
          const { log, isBehind } = createLogger(order.logLevel, loss, { worker: supervisor.worker });
          return Proxy.start(order, {
            env,
            log,
            canRecord: () => !isBehind(),
            handOver: supervisor.onConnection,
            process: `worker-${slot}`,
            ...others,
          });
        });
        return;
      }
      const loaded = loadConfig(file, cli.env);
      cli.sizeThreadPool(threadsFor(loaded.config));
      const output = createLogger(loaded.config.log.level, loss);
      for (const warning of loaded.warnings) output.log.warn(warning);
      await serve(file, loaded, output, cli).catch(explain);
    });
}

// Node's own work has four threads by default; each session that calls through the pool may hold another.
function threadsFor({ keyManagers }: Config): number {
  const pooled = keyManagers.filter(({ pkcs11 }) => pkcs11.calls === 'threadpool');
  return Math.min(1024, 4 + pooled.reduce((sum, { pkcs11 }) => sum + pkcs11.sessions, 0));
}

async function serve(file: string, loaded: LoadedConfig, output: LogOutput, cli: Cli): Promise<void> {
  const { server, monitoring } = loaded.config;
  const { log } = output;
  const processes = server.workers === 'auto' ? cli.cores : server.workers;
  const ticketKeys = randomBytes(48);
  const toOrder = ({ config, snapshot }: LoadedConfig): ServeOrder => {
    return { file, snapshot, ticketKeys, logLevel: config.log.level, processes };
  };

  // A signal that comes while the proxy starts is remembered.
  const hangup = {
    hasCome: false,
    act: () => {
      hangup.hasCome = true;
    },
  };
  cli.onHangup(() => {
    hangup.act();
  });

  let serving: Serving | undefined;
  const lifecycle = lifecycleMetrics(Date.now);
  // First, so that it says that the proxy starts.
  const listener = await watch(loaded.config, () => serving, lifecycle, processes, log);
  try {
    const starting = start(toOrder(loaded), loaded.config, output, lifecycle, cli);
    serving = await Promise.race([starting, stopped(cli.stop).then(() => undefined)]);
    if (!serving) {
      // It may wait for an HSM that does not answer.
      starting.then((late) => late.drain({ drainMs: 0, lameDuckMs: 0 })).catch(() => undefined);
      log.info('stopped while it started');
      return;
    }
    if (!server.tls) log.warn('plain HTTP: for local tests only');
    const { address, port } = serving.address;
    log.info({ host: address, port, tls: server.tls !== undefined, workers: processes, version }, 'listening');
    const reloader = new Reloader({ file, env: cli.env, loaded, serving, toOrder, onReload: lifecycle.reloaded, log });
    hangup.act = () => {
      reloader.reload('SIGHUP');
    };
    if (hangup.hasCome) hangup.act();
    let isAsked = false;
    try {
      const signal = await Promise.race([stopped(cli.stop), serving.ended]);
      log.info({ signal, drainSeconds: reloader.config.server.drainSeconds }, 'draining');
      isAsked = signal === 'SIGTERM';
    } finally {
      reloader.stop();
      const drainMs = reloader.config.server.drainSeconds * 1000;
      // A load balancer sends connections until its checks have seen that this is not ready any more.
      await serving.drain({ drainMs, lameDuckMs: monitoring && isAsked ? drainMs / 2 : 0 });
    }
  } finally {
    await listener?.close();
  }
  log.info('stopped');
}

function start(
  order: ServeOrder,
  { server }: Config,
  { log, write, isBehind }: LogOutput,
  lifecycle: LifecycleMetrics,
  { env, err }: Cli,
): Promise<Serving> {
  if (order.processes === 1) return Proxy.start(order, { env, log, canRecord: () => !isBehind(), process: 'main' });
  return Supervisor.start(order, {
    host: server.host,
    port: server.port,
    onError: ({ code }) => {
      log.error({ code }, 'a connection was not accepted');
    },
    output: { log: write, isBehind, error: err },
    log,
    clock: () => performance.now(),
    retainCounts,
    onRestart: lifecycle.workerRestarted,
  });
}

async function watch(
  { server, monitoring }: Config,
  monitored: () => Serving | undefined,
  lifecycle: LifecycleMetrics,
  processes: number,
  log: Logger,
): Promise<MonitoringListener | undefined> {
  if (!monitoring) return undefined;
  // A process that serves has metrics of its own.
  const sources = processes === 1 ? [lifecycle] : [lifecycle, processMetrics({ process: 'main', version })];
  const prepare = server.proxyProtocol.enabled ? skipProxyHeader : () => undefined;
  try {
    return await startMonitoring(monitoring, { monitored, sources, prepare, log });
  } catch (error) {
    throw new ListenFailure(monitoring.host, monitoring.port, error);
  }
}

function explain(error: unknown): never {
  if (error instanceof ListenFailure || error instanceof SupervisorFailure) throw new CommandFailure(error.message);
  throw error;
}
