import { FAILURE_TABLE } from '../failures/failureTable.ts';
import type { FailureReason, XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';

// Names of failures that KMS itself found. AWS KMS Developer Guide, "Monitoring an external key store", "Top 5 exceptions". The last two
// are our choice.
const EXCEPTION_NAMES: Readonly<Partial<Record<FailureReason, string>>> = {
  NotReachable: 'XksProxyUnreachableException',
  InvalidTls: 'XksProxyUnreachableException',
  InvalidTlsName: 'XksProxyUnreachableException',
  ConnectionLost: 'XksProxyUnreachableException',
  TimedOut: 'XksProxyUnreachableException',
  InvalidResponse: 'XksProxyInvalidResponseException',
  Internal: 'KMSInternalException',
};

/** Returns the dimensions ErrorType and ExceptionName of the metric XksProxyErrors. */
export function errorDimensions(failure: XksProxyFailure | undefined): { ErrorType: string; ExceptionName: string } {
  if (!failure) return { ErrorType: 'N/A', ExceptionName: 'None' };
  const { reason } = failure;
  return {
    ErrorType: FAILURE_TABLE[reason].retryable ? 'Retryable' : 'Non-retryable',
    ExceptionName: EXCEPTION_NAMES[reason] ?? reason,
  };
}
