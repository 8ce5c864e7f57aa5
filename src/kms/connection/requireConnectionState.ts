import { KmsError } from '../kmsError.ts';
import type { ConnectionState, CustomKeyStore } from '../state/records.ts';

/** Throws CustomKeyStoreInvalidStateException unless the key store is in one of the states that `operation` needs. */
export function requireConnectionState(
  { connectionState }: CustomKeyStore,
  operation: string,
  allowed: readonly ConnectionState[],
): void {
  if (allowed.includes(connectionState)) return;
  throw new KmsError(
    'CustomKeyStoreInvalidStateException',
    `${operation} is not valid for a custom key store whose connection state is ${connectionState}. ` +
      `The connection state must be ${allowed.join(' or ')}.`,
  );
}
