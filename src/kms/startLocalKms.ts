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
  /** Callers, VPC endpoint services and subnets; left out, all is as by default. */
  readonly configFile: string | undefined;
  /** Whether policies and grants decide what callers may do. */
  readonly evaluatePolicies: boolean;
  /** `:memory:` for none. */
  readonly stateFile: string;
  /** For events in CloudTrail's form; undefined for none. */
  readonly eventFile: string | undefined;
  /** How long a key store is CONNECTING and DISCONNECTING. */
  readonly connectMs: number;
  readonly disconnectMs: number;
  /** That a proxy has for an answer. */
  readonly answerWithinMs: number;
  readonly healthCheckMs: number;
  /** How long each change of a cluster, an HSM or a backup takes. */
  readonly clusterStepMs: number;
  readonly startCluster: StartClusterProcess;
  readonly openCluster: OpenCluster;
  readonly dayMs: number;
  readonly requestsPerSecond: number;
  /** Host names under which browsers may open the console, beside localhost and loopback addresses. */
  readonly consoleHosts: readonly string[];
  /** Access key id as which the console acts; undefined: it only looks. */
  readonly consoleCaller: string | undefined;
}

export interface RunningLocalKms {
  readonly port: number;
  /** Answers what runs, and closes the state. */
  close(): Promise<void>;
}

/**
 * Rejects with KmsConfigFailure, StateFileFailure, EventFileFailure, with XksProxyFailure for a TLS file that cannot be used, or with
 * what the system says of the port.
 */
export async function startLocalKms(settings: LocalKmsSettings, log: Logger): Promise<RunningLocalKms> {
  const { identity, resolve, tls, dayMs, requestsPerSecond, evaluatePolicies } = settings;
  const clock = Date.now;
  // Read again for each connection: so that a wrong file is found now, and not when a key store fails to connect.
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
  // Not spread: that would read the configuration once and for all.
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
      log.error({ detail: redactError(error) }, 'the console cannot be drawn');
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
    // Before KMS logs out: key material that cannot be deleted then is orphaned.
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

/** Undefined without a file. Throws EventFileFailure, and closes the state then. */
function openEventFile(file: string | undefined, state: KmsState, log: Logger): EventFile | undefined {
  if (file === undefined) return undefined;
  try {
    return new EventFile(file, log);
  } catch (error) {
    state.close();
    throw error;
  }
}
