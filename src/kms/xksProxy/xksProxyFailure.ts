import type { XksErrorName } from '../../xks/errors.ts';

/** Reason why a request to a proxy failed: an error that the proxy names, or one that KMS itself found. */
export type FailureReason =
  | XksErrorName
  /** No TCP connection, or the name does not exist. */
  | 'NotReachable'
  /** No TLS connection: version, certificate authority, dates. */
  | 'InvalidTls'
  /** The certificate is for another name. */
  | 'InvalidTlsName'
  /** The connection ended before the answer did. */
  | 'ConnectionLost'
  /** No answer within 250 ms, twice, although at least one attempt was connected. */
  | 'TimedOut'
  /** The answer breaks the specification, or its CDIV does not match. */
  | 'InvalidResponse'
  /** GetHealthStatus reports that all external key managers are UNAVAILABLE. */
  | 'EkmUnavailable'
  /** The fault is not the proxy's. For example, KMS cannot read its own client certificate. */
  | 'Internal';

/** Failure of a request to a proxy. `detail` is only for the log: the proxy's errorMessage, or a description of the failure. */
export class XksProxyFailure extends Error {
  override readonly name = 'XksProxyFailure';
  readonly reason: FailureReason;
  readonly detail: string;

  constructor(reason: FailureReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}
