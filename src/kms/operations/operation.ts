import type { z } from 'zod';
import type { RequestAccess } from '../access/requestAccess.ts';
import type { Caller } from '../caller.ts';
import type { LocalKms } from '../localKms.ts';
import { requireGrantTokens } from './grants/grantToken.ts';
import { parseInput } from './parseInput.ts';

export interface KmsRequest {
  /** A UUID: `x-amzn-RequestId`, and the kmsRequestId of the requests to the proxy that it causes. */
  readonly requestId: string;
  readonly caller: Caller;
  /**
   * Adds to additionalEventData of the request's event and of its record in the log. Cryptographic operations tell
   * `customKeyStoreId` and `xksKeyId`, or `backingKeyId`. AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
   */
  readonly note: (data: Readonly<Record<string, string>>) => void;
  /** Decides whether the caller may do what the operation does. */
  readonly access: RequestAccess;
  /** Adds the ARN of a key or alias to the resources of the request's event. */
  readonly noteResource: (arn: string) => void;
  /** Gives the checked input to the request's event, which shows the members that its service allows. */
  readonly noteInput: (input: unknown) => void;
}

/**
 * What an operation answers: members of its output, blobs as Buffer and times as Date (the protocol makes Base64 and epoch
 * seconds of them), or undefined for an empty body.
 */
export type Output = Readonly<Record<string, unknown>> | undefined;

/** Checks its input, which is the JSON of a request's body, and runs. Rejects with KmsError. */
export type Operation = (kms: LocalKms, input: unknown, request: KmsRequest) => Promise<Output>;

/** An operation of the members that `shape` names; unknown members of a request are ignored. */
export function operation<Shape extends z.ZodType>(
  shape: Shape,
  run: (kms: LocalKms, input: z.output<Shape>, request: KmsRequest) => Output | Promise<Output>,
): Operation {
  return async (kms, input, request) => {
    const checked = parseInput(shape, input);
    request.noteInput(checked);
    request.access.requireOperation();
    requireGrantTokens(kms, (checked as { readonly GrantTokens?: readonly string[] }).GrantTokens);
    return run(kms, checked, request);
  };
}
