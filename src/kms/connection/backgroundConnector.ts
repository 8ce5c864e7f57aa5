import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ConnectionErrorCode, ConnectionState, CustomKeyStore } from '../state/records.ts';
import type { Connector } from './connector.ts';
import { Transitions } from '../transitions.ts';
import { requireConnectionState } from './requireConnectionState.ts';
import { endConnection, tryToConnect, type ConnectingKms } from './tryToConnect.ts';

export interface ConnectorOptions {
  readonly kms: ConnectingKms;
  readonly log: Logger;
  /** Time that a key store is CONNECTING before its proxy or its cluster is called, in milliseconds. */
  readonly connectMs: number;
  /** Time that a key store is DISCONNECTING, in milliseconds. */
  readonly disconnectMs: number;
}

export class BackgroundConnector implements Connector {
  readonly #kms: ConnectorOptions['kms'];
  readonly #log: Logger;
  readonly #connectMs: number;
  readonly #disconnectMs: number;
  readonly #transitions: Transitions;

  constructor({ kms, log, connectMs, disconnectMs }: ConnectorOptions) {
    this.#kms = kms;
    this.#log = log;
    this.#connectMs = connectMs;
    this.#disconnectMs = disconnectMs;
    this.#transitions = new Transitions(log);
  }

  /** Resumes the connections and disconnections of the last run. */
  resume(): void {
    for (const { customKeyStoreId, connectionState } of this.#kms.state.customKeyStores.list()) {
      if (connectionState === 'CONNECTING') this.#finishConnecting(customKeyStoreId, randomUUID());
      if (connectionState === 'DISCONNECTING') this.#finishDisconnecting(customKeyStoreId);
    }
  }

  connect(store: CustomKeyStore, kmsRequestId: string): void {
    requireConnectionState(store, 'ConnectCustomKeyStore', ['DISCONNECTED', 'CONNECTING', 'CONNECTED']);
    if (store.connectionState !== 'DISCONNECTED') return;
    this.#move(store, 'CONNECTING');
    this.#finishConnecting(store.customKeyStoreId, kmsRequestId);
  }

  disconnect(store: CustomKeyStore): void {
    requireConnectionState(store, 'DisconnectCustomKeyStore', ['CONNECTED', 'CONNECTING', 'FAILED']);
    this.#move(store, 'DISCONNECTING');
    this.#finishDisconnecting(store.customKeyStoreId);
  }

  /** Stops the work but keeps the states, so that the next run resumes them. */
  stop(): void {
    this.#transitions.stop();
  }

  #finishConnecting(customKeyStoreId: string, kmsRequestId: string): void {
    this.#transitions.later(customKeyStoreId, this.#connectMs, async (isCurrent) => {
      const store = this.#find(customKeyStoreId);
      if (!store) return;
      const result = await tryToConnect(this.#kms, store, kmsRequestId);
      if (!isCurrent()) return;
      if (result.state === 'CONNECTED') this.#move(store, 'CONNECTED');
      else this.#move(store, 'FAILED', result.errorCode, result.detail);
    });
  }

  #finishDisconnecting(customKeyStoreId: string): void {
    this.#transitions.later(customKeyStoreId, this.#disconnectMs, async () => {
      const store = this.#find(customKeyStoreId);
      if (!store) return;
      await endConnection(this.#kms, store);
      this.#move(store, 'DISCONNECTED');
    });
  }

  #find(customKeyStoreId: string): CustomKeyStore | undefined {
    return this.#kms.state.customKeyStores.find(customKeyStoreId);
  }

  #move(from: CustomKeyStore, to: ConnectionState, errorCode?: ConnectionErrorCode, detail?: string): void {
    const { customKeyStoreId, connectionState } = from;
    this.#kms.state.customKeyStores.setConnection(customKeyStoreId, to, errorCode);
    this.#log.info({ customKeyStoreId, from: connectionState, to, errorCode, detail }, 'connection state');
  }
}
