import type { Call } from '../events/call.ts';

/** Log for the records of calls. A pino logger fits. */
export interface CallLog {
  info(record: object, message: string): void;
  warn(record: object, message: string): void;
  error(record: object, message: string): void;
}

// A message quotes the refused value, which may be as long as a request.
const MAX_LOGGED_CHARACTERS = 2_048;

/**
 * Writes the log record of a call, in CloudTrail's terms: caller, operation and outcome, but never input or output. AWS KMS Developer
 * Guide, "Logging AWS KMS API calls with AWS CloudTrail".
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
