import { XksError } from '../xks/errors.ts';

/** What of a request's authentication can fail. For the record only: the answer does not tell an unknown id from a wrong secret. */
export type AuthenticationCheck =
  | 'authorization-header'
  | 'signed-headers'
  | 'credential-scope'
  | 'x-amz-date'
  | 'access-key-id'
  | 'signature';

/** AuthenticationFailedException, with what the record says of it. */
export class AuthenticationFailure extends XksError {
  readonly check: AuthenticationCheck;
  /** The client's text. */
  readonly claimedAccessKeyId: string | undefined;

  constructor(message: string, check: AuthenticationCheck, claimedAccessKeyId?: string) {
    super('AuthenticationFailedException', message);
    this.check = check;
    this.claimedAccessKeyId = claimedAccessKeyId;
  }
}
