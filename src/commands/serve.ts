import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { BlockList } from '../blocks/blockList.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import { loadForServing } from '../config/loadForServing.ts';
import { ConfigError, formatProblem } from '../config/problems/problem.ts';
import type { Config } from '../config/schema/schema.ts';
import { Pkcs11Failure } from '../hsm/pkcs11/pkcs11Failure.ts';
import { createLogger, type LogBase } from '../monitoring/logger.ts';
import { LogStream } from '../monitoring/logStream.ts';
import { lifecycleMetrics, type LifecycleMetrics } from '../monitoring/metrics/lifecycleMetrics.ts';
import type { SnapshotSource } from '../monitoring/metrics/metricsSnapshot.ts';
import { processMetrics } from '../monitoring/metrics/processMetrics.ts';
import { recordMetrics } from '../monitoring/metrics/recordMetrics.ts';
import { retainCounts } from '../monitoring/metrics/retainCounts.ts';
import type { MonitoringListener } from '../monitoring/monitoringListener.ts';
import { startMonitoring } from '../monitoring/startMonitoring.ts';
import { AuditFailure, openTrail, type OpenTrail } from '../proxy/openTrail.ts';
import { BlockListFailure } from '../proxy/followBlockList.ts';
import { Reloader } from '../proxy/reloader.ts';
import { redactError } from '../redactError.ts';
import { connectionLimit, TooFewDescriptors } from '../server/connectionLimit.ts';
import { ListenFailure } from '../server/listenFailure.ts';
import { Supervisor } from '../server/workers/supervisor.ts';
import { SupervisorFailure } from '../server/workers/supervisorFailure.ts';
import { runWorker } from '../server/workers/worker.ts';
import { skipProxyHeader } from '../server/skipProxyHeader.ts';
import { refusalLog } from '../server/refusalLog.ts';
import type { ServeOrder, Serving } from '../server/serving.ts';
import { version } from '../version.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { stopped } from './stopped.ts';

/** The log of this process. */
interface Output {
  readonly stream: LogStream;
  readonly base: LogBase;
  readonly log: Logger;
}

/** `xks-proxy serve`: runs the proxy until the process is asked to stop. */
export function serveCommand(cli: Cli): Command {
  return new Command('serve')
    .description(
      'runs the proxy; logs JSON lines on standard output, reloads the configuration when it changes and on SIGHUP',
    )
    .addOption(configOption(cli))
    .action(async ({ config: file }: { config: string }) => {
      if (cli.supervisor) {
        await serveAsWorker(cli, cli.supervisor);
        return;
      }
      let output: Output | undefined;
      try {
        const loaded = await loadForServing(file, cli.env);
        const { config } = loaded;
        cli.sizeThreadPool(threadsFor(config));
        output = openOutput(cli, config.log.level, {}, config.server.workers !== 1);
        for (const warning of loaded.warnings) output.log.warn(warning);
        await serve(file, loaded, output, cli).catch(explain);
      } catch (error) {
        // The log may be all that an operator has. Standard error gets the message as well.
        const { log } = output ?? openOutput(cli, 'info', {}, false);
        log.fatal(describeFailure(error), 'serve has failed');
        throw error;
      }
    });
}

// A supervisor does not load it, because it serves no requests, and Express, SigV4 and PKCS#11 take memory.
const importProxy = async () => (await import('../proxy/proxy.ts')).Proxy;

async function serveAsWorker(cli: Cli, supervisor: NonNullable<Cli['supervisor']>): Promise<void> {
  const complaints = await runWorker(supervisor, async ({ order, slot, blocks, ...others }, peer, handOver) => {
    const output = openOutput(cli, order.logLevel, { worker: supervisor.worker }, true);
    return (await importProxy()).start(order, {
      env: cli.env,
      ...output,
      onCheckpoint: (log, { size, note }) => {
        peer.tell('checkpoint', { log, size, note });
      },
      onRefusedPin: (refused) => {
        peer.tell('pinRefused', refused);
      },
      blocksInForce: blocks && new BlockList(blocks),
      onBlocks: (list) => {
        peer.tell('blocksInForce', list.blocks);
      },
      handOver,
      process: `worker-${slot}`,
      slot: `w${slot}`,
      ...others,
    });
  });
  refuse(complaints);
}

function openOutput(cli: Cli, level: Config['log']['level'], base: LogBase, isShared: boolean): Output {
  const onGone = (reason: string) => cli.abort(`the log cannot be written: ${reason}`);
  const stream = new LogStream({ descriptor: cli.logDescriptor, isShared, clock: () => performance.now(), onGone });
  return { stream, base, log: createLogger(level, stream, base) };
}

// By default, Node's own work has four threads. Each session that calls through the pool may occupy another one.
function threadsFor({ keyManagers }: Config): number {
  const isolated = keyManagers.filter(({ pkcs11 }) => pkcs11.isolation === 'thread');
  return Math.min(1024, 4 + isolated.reduce((sum, { pkcs11 }) => sum + pkcs11.sessions, 0));
}

async function serve(file: string, loaded: LoadedConfig, output: Output, cli: Cli): Promise<void> {
  const { server, monitoring } = loaded.config;
  const { log } = output;
  const processes = server.workers === 'auto' ? cli.cores : server.workers;
  const ticketKeys = randomBytes(48);
  const toOrder = ({ config, snapshot, policySets }: LoadedConfig): ServeOrder => {
    return { file, snapshot, policySets, ticketKeys, logLevel: config.log.level, processes };
  };

  // A signal that arrives while the proxy starts is kept for later.
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
  let complaints: readonly string[] = [];
  // A worker records the requests that it serves; its supervisor records the events of its workers.
  const own = processes === 1 ? undefined : openTrail(loaded.config, { ...output, slot: 'main' });
  const lifecycle = lifecycleMetrics(Date.now);
  // Made first, so that its record says that the proxy starts.
  const sources = own
    ? [lifecycle, processMetrics({ process: 'main', version }), recordMetrics(() => own)]
    : [lifecycle];
  let listener: MonitoringListener | undefined;
  try {
    listener = await watch(loaded.config, () => serving, sources, log);
    const starting = start(toOrder(loaded), loaded.config, output, lifecycle, own, cli);
    serving = await Promise.race([starting, stopped(cli.stop).then(() => undefined)]);
    if (!serving) {
      // The start may be waiting for an HSM that does not answer.
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
      // A load balancer sends connections until its health checks have noticed that this proxy is not ready.
      complaints = await serving.drain({ drainMs, lameDuckMs: monitoring && isAsked ? drainMs / 2 : 0 });
    }
  } finally {
    await listener?.close();
    if (!serving) await own?.trail.stop(performance.now());
  }
  log.info('stopped');
  refuse(complaints);
}

function refuse(complaints: readonly string[]): void {
  if (complaints.length > 0) throw new CommandFailure(complaints.join('\n'));
}

async function start(
  order: ServeOrder,
  config: Config,
  output: Output,
  lifecycle: LifecycleMetrics,
  own: OpenTrail | undefined,
  { env, err }: Cli,
): Promise<Serving> {
  const { log, stream } = output;
  if (!own) return (await importProxy()).start(order, { env, ...output, process: 'main', slot: 'main' });
  const clock = () => performance.now();
  const logRefusal = refusalLog(log, clock);
  return Supervisor.start(order, {
    host: config.server.host,
    port: config.server.port,
    maxConnections: connectionLimit(config, { workers: order.processes }),
    onRefused: (refusal) => {
      lifecycle.countRefusal(refusal);
      logRefusal(refusal);
    },
    output: {
      log: (lines) => {
        stream.write(lines);
      },
      isBehind: () => stream.isBehind,
      error: err,
    },
    log,
    records: own.trail,
    clock,
    retainCounts,
    onRestart: lifecycle.workerRestarted,
  });
}

async function watch(
  { server, monitoring }: Config,
  monitored: () => Serving | undefined,
  sources: readonly SnapshotSource[],
  log: Logger,
): Promise<MonitoringListener | undefined> {
  if (!monitoring) return undefined;
  const prepare = server.proxyProtocol.enabled ? skipProxyHeader : () => undefined;
  try {
    return await startMonitoring(monitoring, { monitored, sources, prepare, log });
  } catch (error) {
    throw new ListenFailure(monitoring, error, 'monitoring');
  }
}

/**
 * Describes an error that ends `serve`, for the log. Leaves out the message of an error from outside, which may quote a secret.
 */
function describeFailure(error: unknown): object {
  if (error instanceof ConfigError) return { problems: error.problems.map(formatProblem) };
  const isOurs = error instanceof CommandFailure || error instanceof Pkcs11Failure;
  return isOurs ? { problems: error.message.split('\n') } : { detail: redactError(error) };
}

function explain(error: unknown): never {
  const isOurs = [ListenFailure, SupervisorFailure, AuditFailure, BlockListFailure, TooFewDescriptors].some(
    (failure) => error instanceof failure,
  );
  throw isOurs ? new CommandFailure((error as Error).message) : error;
}
