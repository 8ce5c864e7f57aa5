import { XksError, type XksErrorName } from '../xks/errors.ts';

export interface FailureRecord {
  readonly errorName: XksErrorName;
  readonly errorMessage?: string;
  /** For the log only. */
  readonly detail?: string;
}

/**
 * A failure as the log may show it. The message of an error that is not ours may quote plaintext or a secret: of such a one
 * only its class, code and place are shown.
 */
export function describeFailure(failure: unknown): FailureRecord {
  if (!(failure instanceof XksError)) return { errorName: 'InternalException', detail: describeUnknown(failure) };
  const { errorName, message, detail = describeCause(failure.cause) } = failure;
  return { errorName, errorMessage: message, ...(detail === undefined ? {} : { detail }) };
}

function describeCause(cause: unknown): string | undefined {
  return cause === undefined ? undefined : describeFailure(cause).detail;
}

function describeUnknown(failure: unknown): string {
  if (!(failure instanceof Error)) return typeof failure;
  const { code } = failure as { code?: unknown };
  // After the message, which may have lines that look like these.
  const { message, stack = '' } = failure;
  const frames = stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .filter((line) => line.startsWith('    at '));
  const label = typeof code === 'string' ? `${failure.name} ${code}` : failure.name;
  return [label, ...frames.slice(0, 8).map((line) => line.trim())].join(' ');
}
