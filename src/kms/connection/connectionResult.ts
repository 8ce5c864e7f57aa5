import type { ConnectionErrorCode } from '../state/records.ts';

/** How an attempt to connect a key store has ended. */
export type ConnectionResult =
  | { readonly state: 'CONNECTED' }
  /** `detail` is for the log: what the proxy or the cluster said, or what went wrong. */
  | { readonly state: 'FAILED'; readonly errorCode: ConnectionErrorCode; readonly detail: string };

export function failed(errorCode: ConnectionErrorCode, detail: string): ConnectionResult {
  return { state: 'FAILED', errorCode, detail };
}
