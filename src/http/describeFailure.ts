import { redactError } from '../redactError.ts';
import { XksError, type XksErrorName } from '../xks/errors.ts';

export interface FailureRecord {
  readonly errorName: XksErrorName;
  readonly errorMessage?: string;
  /** For the log only. */
  readonly detail?: string;
}

/** A failure as the log may show it: of an error that is not ours, or of a cause, without its message. */
export function describeFailure(failure: unknown): FailureRecord {
  if (!(failure instanceof XksError)) return { errorName: 'InternalException', detail: redactError(failure) };
  const { errorName, message, detail = describeCause(failure.cause) } = failure;
  return { errorName, errorMessage: message, ...(detail === undefined ? {} : { detail }) };
}

function describeCause(cause: unknown): string | undefined {
  return cause === undefined ? undefined : describeFailure(cause).detail;
}
