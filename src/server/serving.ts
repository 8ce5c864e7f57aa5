import type { AddressInfo } from 'node:net';
import type { ConfigSnapshot } from '../config/files/configFiles.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema/schema.ts';
import type { MetricsSnapshot } from '../monitoring/metrics/metricsSnapshot.ts';
import type { ProcessReport } from '../monitoring/processReport.ts';
import type { Readiness } from '../keyStores/readiness.ts';

/** What a process is told to serve. It can be sent to another process. */
export interface ServeOrder {
  /** The configuration file, which the snapshot holds with all that it refers to. */
  readonly file: string;
  readonly snapshot: ConfigSnapshot;
  /** The policies that the snapshot holds, loaded. */
  readonly policySets: LoadedConfig['policySets'];
  /** 48 bytes that seal TLS session tickets. */
  readonly ticketKeys: Buffer;
  readonly logLevel: Config['log']['level'];
  /** Processes that share the port, and so the quotas. */
  readonly processes: number;
}

/** How to end, from now on. */
export interface Drain {
  /** For so long requests are answered as before, but connections end with them; then there are no new connections. */
  readonly lameDuckMs: number;
  /** After this time what still runs is cut off. */
  readonly drainMs: number;
}

/** The proxy as one process serves it, or several. */
export interface Serving {
  readonly address: AddressInfo;
  /** Goes over to another configuration, with no connection dropped. Throws, and nothing has changed, if that cannot be served. */
  apply(order: ServeOrder): Promise<void>;
  /** Adds a record to the audit log, if there is one. */
  note(type: 'reload', members: object): void;
  /** Resolves to what went wrong at the end, such as records that were lost. */
  drain(drain: Drain): Promise<readonly string[]>;
  /** Whether requests should be sent here. */
  readiness(): Readiness;
  /** Metrics of each process that serves, all or those of these names. Of a process that does not answer, those that it gave last. */
  metrics(names?: readonly string[]): Promise<readonly MetricsSnapshot[]>;
  /** What each process that serves, or is to serve, says of itself. */
  processes(): Promise<readonly ProcessReport[]>;
  /** Rejects when it can serve no more. */
  readonly ended: Promise<never>;
}
