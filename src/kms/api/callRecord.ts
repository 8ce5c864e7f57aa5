import type { Caller } from '../caller.ts';
import { redactError } from '../../redactError.ts';
import { KmsError, type KmsErrorName } from '../kmsError.ts';
import type { Service } from './service.ts';

/** Takes one record of a call; pino's methods fit. */
export interface CallLog {
  info(record: object, message: string): void;
  warn(record: object, message: string): void;
  error(record: object, message: string): void;
}

/** What is known of a call of the API so far. */
export interface Call {
  readonly requestId: string;
  readonly additionalEventData: Record<string, string>;
  /** That of the operation. */
  service?: Service;
  /** The operation, when it is one. */
  eventName?: string;
  caller?: Caller;
  /** What was thrown, if anything was. */
  failure?: unknown;
}

// A message quotes what it refuses, which may be as long as a request.
const MAX_LOGGED_CHARACTERS = 2_048;

/**
 * Writes the one record of a call, in CloudTrail's terms: who called what, and how it ended; never its input or its output.
 * AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
 */
export function recordCall(log: CallLog, call: Call): void {
  const { requestId, eventName, caller, additionalEventData, failure } = call;
  const record = {
    eventName,
    userIdentity: caller && { arn: caller.awsPrincipalArn },
    requestID: requestId,
    ...(Object.keys(additionalEventData).length > 0 && { additionalEventData }),
  };
  if (failure === undefined) log.info(record, 'call');
  else if (!(failure instanceof KmsError)) {
    log.error({ ...record, errorCode: internalFailureOf(call), detail: redactError(failure) }, 'call');
  } else {
    const { errorName: errorCode, message, detail, status } = failure;
    const errorMessage = message.slice(0, MAX_LOGGED_CHARACTERS);
    log[status < 500 ? 'warn' : 'error']({ ...record, errorCode, errorMessage, detail }, 'call');
  }
}

/** The name of a failure that no operation foresees. */
export function internalFailureOf({ service }: Call): KmsErrorName {
  return service?.internalFailure ?? 'KMSInternalException';
}
