import { redactError } from '../redactError.ts';
import { XksError, type XksErrorName } from '../xks/errors.ts';

export interface FailureRecord {
  readonly errorName: XksErrorName;
  readonly errorMessage?: string;
  /** For the log only. */
  readonly detail?: string;
}

/** Describes a failure for the log. Omits the message of a cause, and of an error that is not an XksError. */
export function describeFailure(failure: unknown): FailureRecord {
  if (!(failure instanceof XksError)) return { errorName: 'InternalException', detail: redactError(failure) };
  const { errorName, message, detail = describeCause(failure.cause) } = failure;
  return { errorName, errorMessage: message, ...(detail === undefined ? {} : { detail }) };
}

function describeCause(cause: unknown): string | undefined {
  return cause === undefined ? undefined : describeFailure(cause).detail;
}
