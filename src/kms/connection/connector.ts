/** Moves key stores through the connection states, in the background. */
export interface Connector {
  /** Starts to connect; throws CustomKeyStoreInvalidStateException in a state that does not allow it. */
  connect(customKeyStoreId: string): void;
  /** Starts to disconnect; throws CustomKeyStoreInvalidStateException in a state that does not allow it. */
  disconnect(customKeyStoreId: string): void;
  /** Stops what runs in the background; the states stay as they are, to be resumed by the next start. */
  stop(): Promise<void>;
}
