export interface ClusterStart {
  /** Absolute path. Holds all that the cluster keeps. */
  readonly folder: string;
  readonly socketPath: string;
  readonly maxSessions: number;
}

/** Calls of the process of a cluster, for the one that has started it. A type alias, as Peer needs it. */
export type ClusterProcessCalls = {
  /** The first call, and made once. */
  start(start: ClusterStart): Promise<void>;
  /** Copies what the cluster keeps into a folder, as it is at one moment. */
  copyTo(folder: string): Promise<void>;
};

/** What the process of a cluster tells the one that has started it, one-way. */
export type StarterCalls = {
  /** The cluster is activated, at its start or since now. */
  activated(): void;
  /** Something for the log. */
  note(note: { readonly message: string; readonly fields: object }): void;
};
