import type { AddressInfo } from 'node:net';
import type { ConfigSnapshot } from '../config/files/configFiles.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema/schema.ts';
import type { MetricsSnapshot } from '../monitoring/metrics/metricsSnapshot.ts';
import type { ProcessReport } from '../monitoring/processReport.ts';
import type { Readiness } from '../keyStores/readiness.ts';

/** What a process serves. It can be sent to another process. */
export interface ServeOrder {
  /** The configuration file. The snapshot holds this file and all files that it refers to. */
  readonly file: string;
  readonly snapshot: ConfigSnapshot;
  /** The loaded policies of the snapshot. */
  readonly policySets: LoadedConfig['policySets'];
  /** 48 bytes that seal TLS session tickets. */
  readonly ticketKeys: Buffer;
  readonly logLevel: Config['log']['level'];
  /** Number of processes that share the port, and so the quotas. */
  readonly processes: number;
}

/** How to end, from the moment of the call. */
export interface Drain {
  /**
   * Milliseconds during which requests are answered as before, but each answer ends its connection. After this time there are no
   * new connections.
   */
  readonly lameDuckMs: number;
  /** Milliseconds after which requests that still run are cut off. */
  readonly drainMs: number;
}

/** The proxy, served by one process or by several. */
export interface Serving {
  readonly address: AddressInfo;
  /**
   * Switches to another configuration without dropping a connection. Throws if that configuration cannot be served; then nothing
   * has changed.
   */
  apply(order: ServeOrder): Promise<void>;
  /** Adds a record to the audit log, if there is one. */
  note(type: 'reload', members: object): void;
  /** Resolves to the failures at the end, such as lost records. */
  drain(drain: Drain): Promise<readonly string[]>;
  /** Whether requests should be sent here. */
  readiness(): Readiness;
  /**
   * Metrics of each serving process: all, or those with these names. A process that does not answer is represented by its
   * previous metrics.
   */
  metrics(names?: readonly string[]): Promise<readonly MetricsSnapshot[]>;
  /** Reports of each process that serves or is about to serve. */
  processes(): Promise<readonly ProcessReport[]>;
  /** Rejects when it can no longer serve. */
  readonly ended: Promise<never>;
}
