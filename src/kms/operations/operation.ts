import type { z } from 'zod';
import type { RequestAccess } from '../access/requestAccess.ts';
import type { Caller } from '../caller.ts';
import type { LocalKms } from '../localKms.ts';
import { requireGrantTokens } from './grants/grantToken.ts';
import { parseInput } from './parseInput.ts';

export interface KmsRequest {
  /** A UUID. It is the answer's `x-amzn-RequestId`, and the kmsRequestId of the requests to the proxy that this request causes. */
  readonly requestId: string;
  readonly caller: Caller;
  /**
   * Adds to the additionalEventData of the request's event and log record. Cryptographic operations add `customKeyStoreId` and either
   * `xksKeyId` or `backingKeyId`. AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
   */
  readonly note: (data: Readonly<Record<string, string>>) => void;
  /** Decides whether the caller may perform the operation. */
  readonly access: RequestAccess;
  /** Adds the ARN of a key or alias to the resources of the request's event. */
  readonly noteResource: (arn: string) => void;
  /** Gives the validated input to the request's event, which shows only the members that its service lists. */
  readonly noteInput: (input: unknown) => void;
}

/**
 * The output of an operation, or undefined for an empty body. Blobs are Buffers and times are Dates, which `toJson` converts to Base64 and
 * epoch seconds.
 */
export type Output = Readonly<Record<string, unknown>> | undefined;

/** Validates its input, which is the parsed JSON of a request's body, and runs. Rejects with KmsError. */
export type Operation = (kms: LocalKms, input: unknown, request: KmsRequest) => Promise<Output>;

/** Makes an operation whose input has the members in `shape`. Unknown members of a request are ignored. */
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
