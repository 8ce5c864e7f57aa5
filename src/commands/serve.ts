import { Command } from 'commander';
import type { Logger } from 'pino';
import { createApp } from '../app.ts';
import { loadConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema.ts';
import { openKeyStores, type OpenKeyStores } from '../openKeyStores.ts';
import { createLogger } from '../monitoring/logger.ts';
import { listen, type Listening } from '../server/listen.ts';
import { SignatureVerifier } from '../sigv4/signatureVerifier.ts';
import { version } from '../version.ts';
import { CommandFailure, type Cli } from './cli.ts';

/** `xks-proxy serve`: runs the proxy until the process is asked to stop. */
export function serveCommand(cli: Cli): Command {
  return new Command('serve')
    .description('runs the proxy; logs JSON lines on standard output')
    .requiredOption('--config <file>', 'the configuration file')
    .action(async ({ config: file }: { config: string }) => {
      const { config, warnings } = loadConfig(file, cli.env);
      refuseUnserved(config);
      cli.sizeThreadPool(threadsFor(config));
      const log = createLogger(config.log.level, (reason) => {
        cli.abort(`the log cannot be written: ${reason}`);
      });
      for (const warning of warnings) log.warn(warning);
      await serve(config, log, cli.stop);
    });
}

// Never as if they were not there.
function refuseUnserved({ server, monitoring, keyStores }: Config): void {
  const unserved = [
    ...(server.tls?.clientAuth ? ['server.tls.clientAuth'] : []),
    ...(server.proxyProtocol.enabled ? ['server.proxyProtocol'] : []),
    ...(server.workers === 1 ? [] : ['server.workers']),
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

async function serve(config: Config, log: Logger, stop: AbortSignal): Promise<void> {
  const stores = await openKeyStores(config, log);
  try {
    const server = await startServer(config, stores, log);
    if (!stop.aborted)
      await new Promise((resolve) => {
        stop.addEventListener('abort', resolve, { once: true });
      });
    log.info({ signal: String(stop.reason), drainSeconds: config.server.drainSeconds }, 'draining');
    const finished = await server.drain(config.server.drainSeconds * 1000);
    if (!finished) log.warn('requests were still running after drainSeconds; their connections were closed');
  } finally {
    await stores.close();
  }
  log.info('stopped');
}

async function startServer({ server }: Config, stores: OpenKeyStores, log: Logger): Promise<Listening> {
  const listener = createApp({
    keyStores: () => stores.byUriPathPrefix,
    verifier: new SignatureVerifier({ regions: new Set(server.regions), clock: Date.now }),
    proxy: { fleetSize: server.fleetSize, vendor: 'xks-proxy', model: `xks-proxy ${version}` },
    log,
  });
  const { host, port, tls } = server;
  if (!tls) log.warn('plain HTTP: for local tests only');
  try {
    const listening = await listen({
      host,
      port,
      tls,
      listener,
      onError: ({ code }) => {
        log.error({ code }, 'a connection was not accepted');
      },
      onUnparsable: (what) => {
        // A load balancer's TCP health check comes and goes like this, every few seconds.
        log[what.code === 'ECONNRESET' ? 'debug' : 'warn'](what, 'a connection without a request');
      },
    });
    const { address } = listening.address;
    log.info({ host: address, port: listening.address.port, tls: tls !== undefined, version }, 'listening');
    return listening;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(
      `cannot listen on ${host} port ${port}: ${code}${code === 'EADDRINUSE' ? ', another process uses it' : ''}`,
    );
  }
}
