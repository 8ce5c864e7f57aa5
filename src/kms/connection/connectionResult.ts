import type { ConnectionErrorCode } from '../state/records.ts';

/** Outcome of an attempt to connect a key store. */
export type ConnectionResult =
  | { readonly state: 'CONNECTED' }
  /** `detail` is for the log: the answer of the proxy or the cluster, or another reason. */
  | { readonly state: 'FAILED'; readonly errorCode: ConnectionErrorCode; readonly detail: string };

export function failed(errorCode: ConnectionErrorCode, detail: string): ConnectionResult {
  return { state: 'FAILED', errorCode, detail };
}
