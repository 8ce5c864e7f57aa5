import type { Call } from '../events/call.ts';

/** Takes one record of a call; pino's methods fit. */
export interface CallLog {
  info(record: object, message: string): void;
  warn(record: object, message: string): void;
  error(record: object, message: string): void;
}

// A message quotes what it refuses, which may be as long as a request.
const MAX_LOGGED_CHARACTERS = 2_048;

/**
 * Writes the one record of a call, in CloudTrail's terms: who called what, and how it ended; never its input or its output.
 * AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
 */
export function recordCall(log: CallLog, { requestId, eventName, caller, additionalEventData, failure }: Call): void {
  const record = {
    eventName,
    userIdentity: caller && { arn: caller.principal.awsPrincipalArn },
    requestID: requestId,
    ...(Object.keys(additionalEventData).length > 0 && { additionalEventData }),
  };
  if (!failure) {
    log.info(record, 'call');
    return;
  }
  const { errorName: errorCode, message, detail, status } = failure;
  const errorMessage = message.slice(0, MAX_LOGGED_CHARACTERS);
  log[status < 500 ? 'warn' : 'error']({ ...record, errorCode, errorMessage, detail }, 'call');
}
