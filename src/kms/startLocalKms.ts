import type { Logger } from 'pino';
import { createKmsApp } from './api/kmsApp.ts';
import { servicesWith } from './api/services.ts';
import { listenKms, type ListeningKms } from './api/listenKms.ts';
import type { Identity } from './arn.ts';
import { BackgroundKeeper } from './clusters/backgroundKeeper.ts';
import { ClusterFolders } from './clusters/clusterFolders.ts';
import type { StartClusterProcess } from './clusters/clusterProcesses.ts';
import { redactError } from '../redactError.ts';
import { startConsole } from './console/startConsole.ts';
import { BackgroundConnector } from './connection/backgroundConnector.ts';
import { HealthChecks } from './connection/healthChecks.ts';
import { EventFile } from './events/eventFile.ts';
import { KeyUsage } from './events/keyUsage.ts';
import { EventTrail } from './events/eventTrail.ts';
import { dueWork } from './dueWork.ts';
import { ClusterLogins, type OpenCluster } from './kmsUser/clusterLogins.ts';
import type { LocalKms } from './localKms.ts';
import { ExchangeHistory } from './monitoring/exchangeHistory.ts';
import { kmsMetrics } from './monitoring/kmsMetrics.ts';
import { logExchange } from './monitoring/logExchange.ts';
import { requestQuota } from './operations/cryptography/requestQuota.ts';
import { CLOUD_HSM_OPERATIONS } from './operations/cloudHsm/operations.ts';
import { OPERATIONS } from './operations/operations.ts';
import { LiveConfig } from './liveConfig.ts';
import { openDatabase } from './state/database.ts';
import { KmsState } from './state/kmsState.ts';
import { HttpsXksProxyClient, type HttpsXksProxyClientOptions } from './xksProxy/httpsXksProxyClient.ts';
import { tlsContextOf } from './xksProxy/tlsContext.ts';

export interface LocalKmsSettings extends Pick<HttpsXksProxyClientOptions, 'resolve' | 'tls'> {
  readonly host: string;
  readonly port: number;
  readonly identity: Identity;
  /** File with callers, VPC endpoint services and subnets. If undefined, everything has its default. */
  readonly configFile: string | undefined;
  /** Whether policies and grants decide what callers may do. */
  readonly evaluatePolicies: boolean;
  /** `:memory:` keeps the state only in memory. */
  readonly stateFile: string;
  /** File for events in CloudTrail's form, or undefined for none. */
  readonly eventFile: string | undefined;
  /** Time that a key store is CONNECTING. `disconnectMs` is the time that it is DISCONNECTING. */
  readonly connectMs: number;
  readonly disconnectMs: number;
  /** Time limit for an answer of a proxy. */
  readonly answerWithinMs: number;
  readonly healthCheckMs: number;
  /** Duration of each state in progress of a cluster, an HSM or a backup. */
  readonly clusterStepMs: number;
  readonly startCluster: StartClusterProcess;
  readonly openCluster: OpenCluster;
  readonly dayMs: number;
  readonly requestsPerSecond: number;
  /** Host names under which browsers may open the console, in addition to localhost and loopback addresses. */
  readonly consoleHosts: readonly string[];
  /** Access key id of the caller that the console acts as. If undefined, the console is read-only. */
  readonly consoleCaller: string | undefined;
}

export interface RunningLocalKms {
  readonly port: number;
  /** Answers the running requests, and closes the state. */
  close(): Promise<void>;
}

/**
 * Starts the local KMS. Rejects with ConfigError, StateFileFailure or EventFileFailure, with XksProxyFailure if a TLS file cannot be
 * used, or with the system's error about the port.
 */
export async function startLocalKms(settings: LocalKmsSettings, log: Logger): Promise<RunningLocalKms> {
  const { identity, resolve, tls, dayMs, requestsPerSecond, evaluatePolicies } = settings;
  const clock = Date.now;
  // The files are read again for each connection. Reading them now finds a bad file before a key store fails to connect.
  tlsContextOf(tls)();
  const config = new LiveConfig(settings.configFile, identity, log);
  const state = new KmsState(openDatabase(settings.stateFile));
  const events = new EventTrail();
  const keyUsage = new KeyUsage(clock);
  events.subscribe((event) => {
    keyUsage.record(event);
  });
  const eventFile = openEventFile(settings.eventFile, state, log);
  if (eventFile) {
    events.subscribe((_event, json) => {
      eventFile.write(json);
    });
  }
  const history = new ExchangeHistory(clock);
  const metrics = kmsMetrics({ externalKeyStores: () => state.customKeyStores.external(), history, clock });
  const xksProxy = new HttpsXksProxyClient({
    region: identity.region,
    resolve,
    tls,
    answerWithinMs: settings.answerWithinMs,
    clock,
    monotonicClock: () => performance.now(),
    onExchange: (exchange) => {
      metrics.observe(exchange);
      history.observe(exchange);
      logExchange(log, exchange);
    },
  });
  const kmsUser = new ClusterLogins(state, settings.openCluster);
  const background = {
    state,
    xksProxy,
    kmsUser,
    identity,
    get vpcEndpointServices() {
      return config.current.vpcEndpointServices;
    },
    get subnets() {
      return config.current.subnets;
    },
    get securityGroups() {
      return config.current.securityGroups;
    },
  };
  const connector = new BackgroundConnector({ ...settings, kms: background, log });
  const healthChecks = new HealthChecks({ ...settings, kms: background, log });
  const quota = requestQuota(requestsPerSecond, (throttle) => {
    const { customKeyStoreType } = state.customKeyStores.find(throttle.customKeyStoreId) ?? {};
    if (customKeyStoreType !== 'EXTERNAL_KEY_STORE') return;
    metrics.countThrottle(throttle);
    history.countThrottle(throttle);
  });
  const folders = new ClusterFolders(settings.stateFile);
  const { clusterStepMs: stepMs, startCluster: start } = settings;
  const clusters = new BackgroundKeeper({ state, folders, start, log, clock, stepMs, dayMs });
  // Assigned, because spreading would evaluate the getters of `background` and keep the first configuration forever.
  const kms: LocalKms = Object.assign(background, {
    connector,
    clusters,
    quota,
    keyUsage,
    keysInCreation: new Set<string>(),
    clock,
    dayMs,
    evaluatePolicies,
  });
  const due = dueWork(kms, events, log);
  const console = startConsole({
    facts: { kms, events, history },
    host: settings.host,
    hosts: settings.consoleHosts,
    caller: settings.consoleCaller,
    onError: (error) => {
      log.error({ detail: redactError(error) }, 'the console cannot be rendered');
    },
  });
  const app = createKmsApp({
    kms,
    services: servicesWith({ kms: OPERATIONS, cloudHsm: CLOUD_HSM_OPERATIONS }),
    callerOf: (accessKeyId) =>
      config.current.callers.get(accessKeyId) ?? {
        awsPrincipalArn: `arn:aws:iam::${identity.accountId}:user/${accessKeyId}`,
      },
    log,
    events,
    metrics: metrics.text,
    console,
  });

  const end = async (listening?: ListeningKms): Promise<void> => {
    console.stop();
    await listening?.close();
    healthChecks.stop();
    connector.stop();
    // Before KMS logs out, because key material that cannot be deleted without a login would be orphaned.
    await due.end();
    await kmsUser.disconnectAll();
    await clusters.stop();
    folders.close();
    config.close();
    xksProxy.close();
    state.close();
    eventFile?.close();
  };
  const onError = ({ message }: Error): void => {
    log.error({ detail: message }, 'a connection was not accepted');
  };
  const listen = async (): Promise<ListeningKms> => {
    await clusters.resume();
    return listenKms({ host: settings.host, port: settings.port, onError }, app);
  };
  const listening = await listen().catch(async (error: unknown) => {
    await end();
    throw error;
  });
  connector.resume();
  healthChecks.start();
  config.watch();
  void due.run();
  return { port: listening.port, close: () => end(listening) };
}

/** Opens the event file, or returns undefined without one. If this fails, closes the state and throws EventFileFailure. */
function openEventFile(file: string | undefined, state: KmsState, log: Logger): EventFile | undefined {
  if (file === undefined) return undefined;
  try {
    return new EventFile(file, log);
  } catch (error) {
    state.close();
    throw error;
  }
}
