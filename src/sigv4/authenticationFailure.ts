import { XksError } from '../xks/errors.ts';

/** Checks of a request's authentication. Only the log names the one that failed, so that a client cannot find out access key ids. */
export type AuthenticationCheck =
  | 'authorization-header'
  | 'signed-headers'
  | 'credential-scope'
  | 'x-amz-date'
  | 'access-key-id'
  | 'signature';

/** AuthenticationFailedException, with details for the log. */
export class AuthenticationFailure extends XksError {
  readonly check: AuthenticationCheck;
  /** Access key id that the client gave. */
  readonly claimedAccessKeyId: string | undefined;

  constructor(message: string, check: AuthenticationCheck, claimedAccessKeyId?: string) {
    super('AuthenticationFailedException', message);
    this.check = check;
    this.claimedAccessKeyId = claimedAccessKeyId;
  }
}
