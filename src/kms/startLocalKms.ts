import type { Logger } from 'pino';
import { createKmsApp } from './api/kmsApp.ts';
import { servicesWith } from './api/services.ts';
import { listenKms, type ListeningKms } from './api/listenKms.ts';
import type { Identity } from './arn.ts';
import { BackgroundConnector } from './connection/backgroundConnector.ts';
import { HealthChecks } from './connection/healthChecks.ts';
import { EventFile } from './events/eventFile.ts';
import { EventTrail } from './events/eventTrail.ts';
import { keyDeletion } from './keyDeletion.ts';
import type { LocalKms } from './localKms.ts';
import { kmsMetrics } from './monitoring/kmsMetrics.ts';
import { logExchange } from './monitoring/logExchange.ts';
import { requestQuota } from './operations/cryptography/requestQuota.ts';
import { OPERATIONS } from './operations/operations.ts';
import type { KmsConfig } from './readConfig.ts';
import { openDatabase } from './state/database.ts';
import { KmsState } from './state/kmsState.ts';
import { HttpsXksProxyClient, type HttpsXksProxyClientOptions } from './xksProxy/httpsXksProxyClient.ts';
import { tlsContextOf } from './xksProxy/tlsContext.ts';

export interface LocalKmsSettings extends KmsConfig, Pick<HttpsXksProxyClientOptions, 'resolve' | 'tls'> {
  readonly host: string;
  readonly port: number;
  readonly identity: Identity;
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
  readonly dayMs: number;
  readonly requestsPerSecond: number;
}

export interface RunningLocalKms {
  readonly port: number;
  /** Answers what runs, and closes the state. */
  close(): Promise<void>;
}

/** Rejects with StateFileFailure, EventFileFailure, with XksProxyFailure for a TLS file that cannot be used, or with what the system says of the port. */
export async function startLocalKms(settings: LocalKmsSettings, log: Logger): Promise<RunningLocalKms> {
  const { identity, callers, vpcEndpointServices, resolve, tls, dayMs, requestsPerSecond } = settings;
  const clock = Date.now;
  // Read again for each connection: so that a wrong file is found now, and not when a key store fails to connect.
  tlsContextOf(tls)();
  const state = new KmsState(openDatabase(settings.stateFile));
  const events = new EventTrail();
  const eventFile = openEventFile(settings.eventFile, state, log);
  if (eventFile) {
    events.subscribe((_event, json) => {
      eventFile.write(json);
    });
  }
  const metrics = kmsMetrics({ customKeyStores: () => state.customKeyStores.list(), clock });
  const xksProxy = new HttpsXksProxyClient({
    region: identity.region,
    resolve,
    tls,
    answerWithinMs: settings.answerWithinMs,
    clock,
    monotonicClock: () => performance.now(),
    onExchange: (exchange) => {
      metrics.observe(exchange);
      logExchange(log, exchange);
    },
  });
  const background = { state, xksProxy, vpcEndpointServices, identity };
  const connector = new BackgroundConnector({ ...settings, kms: background, log });
  const healthChecks = new HealthChecks({ ...settings, kms: background, log });
  const quota = requestQuota(requestsPerSecond, metrics.countThrottle);
  const kms: LocalKms = { ...background, connector, quota, clock, dayMs };
  const deletion = keyDeletion(kms, events, log);
  const app = createKmsApp({
    kms,
    services: servicesWith({ kms: OPERATIONS, cloudHsm: {} }),
    callerOf: (accessKeyId) =>
      callers.get(accessKeyId) ?? { awsPrincipalArn: `arn:aws:iam::${identity.accountId}:user/${accessKeyId}` },
    log,
    events,
    metrics: metrics.text,
  });

  const end = async (listening?: ListeningKms): Promise<void> => {
    await listening?.close();
    healthChecks.stop();
    connector.stop();
    xksProxy.close();
    deletion.stop();
    state.close();
    eventFile?.close();
  };
  const onError = ({ message }: Error): void => {
    log.error({ detail: message }, 'a connection was not accepted');
  };
  const listening = await listenKms({ host: settings.host, port: settings.port, onError }, app).catch(
    async (error: unknown) => {
      await end();
      throw error;
    },
  );
  connector.resume();
  healthChecks.start();
  void deletion.run();
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
