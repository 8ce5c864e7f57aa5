import { Command } from 'commander';
import type { Logger } from 'pino';
import { ConfigError } from '../config/problems/problem.ts';
import { EventFileFailure } from '../kms/events/eventFile.ts';
import { startLocalKms, type LocalKmsSettings, type RunningLocalKms } from '../kms/startLocalKms.ts';
import { StateFileFailure } from '../kms/state/database.ts';
import { XksProxyFailure } from '../kms/xksProxy/xksProxyFailure.ts';
import { createLogger } from '../monitoring/logger.ts';
import { LogStream } from '../monitoring/logStream.ts';
import { ListenFailure } from '../server/listenFailure.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { kmsClusterCommand } from './kmsCluster.ts';
import { kmsReplayCommand } from './kmsReplay.ts';
import {
  addAddress,
  addFile,
  addHost,
  parseAccessKeyId,
  parseAccountId,
  parseHost,
  parsePort,
  parsePositive,
  parseRegion,
  parseSeconds,
  parseWhole,
  type Addresses,
} from './kmsOptions.ts';
import { stopped } from './stopped.ts';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly state: string;
  readonly events?: string;
  readonly region: string;
  readonly accountId: string;
  readonly resolve?: Addresses;
  readonly ca?: readonly string[];
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly config?: string;
  readonly connectSeconds: number;
  readonly disconnectSeconds: number;
  readonly answerWithinMs: number;
  readonly healthCheckSeconds: number;
  readonly requestsPerSecond: number;
  readonly consoleHost?: readonly string[];
  readonly consoleCaller?: string;
  readonly evaluatePolicies: boolean;
  readonly daySeconds: number;
  readonly clusterSeconds: number;
  readonly clusterSessions: number;
}

/** `xks-proxy kms`: a local KMS on this machine, with the parts that concern custom key stores. */
export function kmsCommand(cli: Cli): Command {
  return new Command('kms')
    .description(
      'a local AWS KMS with custom key stores, over real XKS proxies and CloudHSM clusters of its own, for tests',
    )
    .addCommand(serveCommand(cli))
    .addCommand(kmsClusterCommand(cli))
    .addCommand(kmsReplayCommand(cli));
}

function serveCommand(cli: Cli): Command {
  const command = new Command('serve')
    .description("runs the local KMS until it is asked to stop; use it with the AWS CLI's --endpoint-url")
    .option(
      '--host <address>',
      'address to listen on; every client that can reach it may use the local KMS',
      parseHost,
      '127.0.0.1',
    )
    .option('--port <port>', 'port to listen on; 0 for any free one', parsePort, 4599)
    .option(
      '--state <file>',
      'file for key stores and keys, with their secrets; :memory: to keep nothing',
      'local-kms.db',
    )
    .option(
      '--events <file>',
      'file to which an event of each operation is appended, in the form of CloudTrail: JSON lines',
    )
    .option('--region <region>', 'Region of the local KMS', parseRegion, 'us-east-1')
    .option('--account-id <id>', 'account of the local KMS', parseAccountId, '111122223333')
    .option('--resolve <name=host:port>', 'connect to host:port for https://name; may be repeated', addAddress)
    .option('--ca <file>', "PEM, a certificate authority of proxies' certificates; may be repeated", addFile)
    .option('--client-cert <file>', 'PEM, shown to proxies that want client certificates')
    .option('--client-key <file>', 'PEM, the private key of that certificate')
    .option('--config <file>', 'YAML: callers by access key id, VPC endpoint services and subnets (docs/local-kms.md)')
    .option('--evaluate-policies', 'decides requests by key policies, grants and the policies of callers', false)
    .option('--connect-seconds <s>', 'how long a key store is CONNECTING', parseSeconds, 3)
    .option('--disconnect-seconds <s>', 'how long a key store is DISCONNECTING', parseSeconds, 1)
    .option(
      '--answer-within-ms <ms>',
      "how long a proxy has for an answer: AWS's 250, or more on a busy machine",
      parseWhole,
      250,
    )
    .option('--health-check-seconds <s>', 'time between health checks of a connected key store', parsePositive, 60)
    .option('--cluster-seconds <s>', 'how long each change of a CloudHSM cluster, HSM or backup takes', parseSeconds, 3)
    .option(
      '--cluster-sessions <n>',
      'PKCS #11 sessions that requests may use at once in a CloudHSM cluster',
      parseWhole,
      1024,
    )
    .option(
      '--console-caller <id>',
      'access key id with which /console acts; without it, the console is read-only',
      parseAccessKeyId,
    )
    .option(
      '--console-host <name>',
      'host name under which browsers may open /console, beside localhost; may be repeated',
      addHost,
    )
    .option('--requests-per-second <n>', 'quota of cryptographic requests to a key store', parseWhole, 1800)
    .option(
      '--day-seconds <s>',
      'length of a day, for waiting periods of deletions and between backups',
      parsePositive,
      86_400,
    );
  return command.action(async (options: ServeOptions) => {
    if ((options.clientCert === undefined) !== (options.clientKey === undefined)) {
      command.error('error: --client-cert and --client-key go together');
    }
    const end = (reason: string) => cli.abort(`the log cannot be written: ${reason}`);
    const clock = () => performance.now();
    const log = createLogger(
      'info',
      new LogStream({ descriptor: cli.logDescriptor, isShared: false, clock, onGone: end, onLoss: end }),
    );
    const running = await start(cli, options, log);
    const { host, region, accountId, state } = options;
    log.info({ host, port: running.port, region, accountId, state }, 'listening');
    const signal = await stopped(cli.stop);
    log.info({ signal }, 'stopping');
    await running.close();
    log.info('stopped');
  });
}

async function start(cli: Cli, options: ServeOptions, log: Logger): Promise<RunningLocalKms> {
  try {
    return await startLocalKms(
      { ...settingsOf(options), startCluster: clusterStarter(cli, options, log), openCluster: clusterOpener(cli) },
      log,
    );
  } catch (error) {
    throw explain(error, options);
  }
}

/** Loads the code that starts clusters when the first one is made. SoftHSM need not be installed before. */
function clusterStarter(
  { program, env }: Cli,
  { clusterSessions: maxSessions }: ServeOptions,
  log: Logger,
): LocalKmsSettings['startCluster'] {
  return async (options) => {
    const { startCluster } = await import('../cloudHsm/startCluster.ts');
    return startCluster({ ...options, maxSessions, program, env, log });
  };
}

function clusterOpener({ env }: Cli): LocalKmsSettings['openCluster'] {
  return async (clusterId) => {
    const { ClusterConnection } = await import('../cloudHsm/clusterConnection.ts');
    return ClusterConnection.open(clusterId, env);
  };
}

function settingsOf(options: ServeOptions): Omit<LocalKmsSettings, 'startCluster' | 'openCluster'> {
  const { host, port, region, accountId, state, events, clientCert, clientKey, config, requestsPerSecond } = options;
  const { resolve = new Map(), ca = [] } = options;
  return {
    host,
    port,
    identity: { region, accountId },
    stateFile: state,
    eventFile: events,
    resolve,
    tls: {
      caFiles: ca,
      ...(clientCert !== undefined &&
        clientKey !== undefined && { clientCertificate: { certificateFile: clientCert, privateKeyFile: clientKey } }),
    },
    configFile: config,
    connectMs: options.connectSeconds * 1000,
    disconnectMs: options.disconnectSeconds * 1000,
    answerWithinMs: options.answerWithinMs,
    healthCheckMs: options.healthCheckSeconds * 1000,
    dayMs: options.daySeconds * 1000,
    clusterStepMs: options.clusterSeconds * 1000,
    requestsPerSecond,
    consoleHosts: options.consoleHost ?? [],
    consoleCaller: options.consoleCaller,
    evaluatePolicies: options.evaluatePolicies,
  };
}

function explain(error: unknown, { host, port }: ServeOptions): unknown {
  if ([ConfigError, StateFileFailure, EventFileFailure].some((failure) => error instanceof failure)) {
    return new CommandFailure((error as Error).message);
  }
  if (error instanceof XksProxyFailure)
    return new CommandFailure(`a file of --ca, --client-cert or --client-key cannot be used: ${error.detail}`);
  const { syscall = '', code } = error as NodeJS.ErrnoException;
  if (!['listen', 'getaddrinfo'].includes(syscall)) return error;
  const { message } = new ListenFailure({ host, port }, error);
  const advice =
    code === 'EADDRINUSE' || code === 'EACCES' ? 'choose another with --port' : 'choose another with --host';
  return new CommandFailure(`${message}; ${advice}`);
}
