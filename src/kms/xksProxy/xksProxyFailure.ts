import type { XksErrorName } from '../../xks/errors.ts';

/** Why a request to a proxy failed: an error that the proxy names, or what KMS itself found. */
export type FailureReason =
  | XksErrorName
  /** No TCP connection, or no such name. */
  | 'NotReachable'
  /** No TLS connection: version, certificate authority, dates. */
  | 'InvalidTls'
  /** The certificate is for another name. */
  | 'InvalidTlsName'
  /** The connection ended before the answer did. */
  | 'ConnectionLost'
  /** Connected, and no answer in 250 ms, twice. */
  | 'TimedOut'
  /** Not what the specification says, or a CDIV that does not match. */
  | 'InvalidResponse'
  /** All external key managers are UNAVAILABLE, says GetHealthStatus. */
  | 'EkmUnavailable'
  /** Nothing the proxy did: for example KMS cannot read its own client certificate. */
  | 'Internal';

/** `detail` is for the log only: what the proxy said (its errorMessage), or what went wrong on the way. */
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
