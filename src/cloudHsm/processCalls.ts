export interface ClusterStart {
  /** Absolute path of the folder that holds the cluster's data. */
  readonly folder: string;
  readonly socketPath: string;
  readonly maxSessions: number;
}

/** Calls that the process of a cluster answers for its starter. This is a type alias because Peer does not accept an interface. */
export type ClusterProcessCalls = {
  /** Must be the first call, and is made only once. */
  start(start: ClusterStart): Promise<void>;
  /** Copies the cluster's data into a folder, all from the same moment. */
  copyTo(folder: string): Promise<void>;
};

/** One-way messages from the process of a cluster to its starter. */
export type StarterCalls = {
  /** The cluster is activated: it was already at its start, or has just been. */
  activated(): void;
  /** A record for the log. */
  note(note: { readonly message: string; readonly fields: object }): void;
};
