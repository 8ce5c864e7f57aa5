import { CryptokiError } from '../hsm/pkcs11/cryptoki/cryptokiError.ts';
import { Pkcs11Failure } from '../hsm/pkcs11/pkcs11Failure.ts';
import type { ErrorCodec } from '../messaging/errorCodec.ts';
import { redactError } from '../redactError.ts';

/** Reason why a cluster did not do what a call asked for. */
export type ClusterFailureReason =
  | 'not activated'
  | 'already activated'
  | 'wrong password'
  | 'locked out'
  | 'user not found'
  | 'not logged in'
  | 'logged in elsewhere'
  | 'no free session'
  | 'key not found'
  | 'invalid ciphertext'
  /** The process of the cluster does not run, or does not answer. */
  | 'unreachable'
  /** A rule forbids the call. The message says which rule. */
  | 'refused'
  /** The token, the disk or the program has failed. */
  | 'failed';

/** Error of a call to a cluster. The message says what went wrong and what to do, and contains no secret. */
export class ClusterFailure extends Error {
  override readonly name = 'ClusterFailure';
  readonly reason: ClusterFailureReason;

  constructor(reason: ClusterFailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

interface WireFailure {
  readonly reason: ClusterFailureReason;
  readonly message: string;
}

/** Form in which failures leave the process of a cluster. */
export const CLUSTER_FAILURES: ErrorCodec<WireFailure> = {
  encode: (error) => {
    if (error instanceof ClusterFailure) return { reason: error.reason, message: error.message };
    const isOurs = error instanceof CryptokiError || error instanceof Pkcs11Failure;
    return { reason: 'failed', message: `The cluster has failed: ${isOurs ? error.message : redactError(error)}` };
  },
  decode: ({ reason, message }) => new ClusterFailure(reason, message),
};
