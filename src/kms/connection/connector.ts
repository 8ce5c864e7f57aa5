import type { CustomKeyStore } from '../state/records.ts';

/** Moves key stores through the connection states, in the background. */
export interface Connector {
  /**
   * Starts to connect a key store. Does nothing if it is connected or being connected. Throws CustomKeyStoreInvalidStateException if its
   * state does not allow this. `kmsRequestId` is for the request to the proxy.
   */
  connect(store: CustomKeyStore, kmsRequestId: string): void;
  /** Starts to disconnect a key store. Throws CustomKeyStoreInvalidStateException if its state does not allow this. */
  disconnect(store: CustomKeyStore): void;
}
