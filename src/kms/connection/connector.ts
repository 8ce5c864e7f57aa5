import type { CustomKeyStore } from '../state/records.ts';

/** Moves key stores through the connection states, in the background. */
export interface Connector {
  /**
   * Starts to connect; one that is connected or being connected is left as it is. Throws CustomKeyStoreInvalidStateException in
   * a state that does not allow it. `kmsRequestId` is the proxy's.
   */
  connect(store: CustomKeyStore, kmsRequestId: string): void;
  /** Starts to disconnect; throws CustomKeyStoreInvalidStateException in a state that does not allow it. */
  disconnect(store: CustomKeyStore): void;
}
