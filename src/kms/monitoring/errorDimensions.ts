import { FAILURE_TABLE } from '../failures/failureTable.ts';
import type { FailureReason, XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';

// Of what KMS found itself. AWS KMS Developer Guide, "Monitoring an external key store", "Top 5 exceptions"; the last two are ours.
const EXCEPTION_NAMES: Readonly<Partial<Record<FailureReason, string>>> = {
  NotReachable: 'XksProxyUnreachableException',
  InvalidTls: 'XksProxyUnreachableException',
  InvalidTlsName: 'XksProxyUnreachableException',
  ConnectionLost: 'XksProxyUnreachableException',
  TimedOut: 'XksProxyUnreachableException',
  InvalidResponse: 'XksProxyInvalidResponseException',
  Internal: 'KMSInternalException',
};

/** The dimensions ErrorType and ExceptionName of XksProxyErrors. */
export function errorDimensions(failure: XksProxyFailure | undefined): { ErrorType: string; ExceptionName: string } {
  if (!failure) return { ErrorType: 'N/A', ExceptionName: 'None' };
  const { reason } = failure;
  return {
    ErrorType: FAILURE_TABLE[reason].retryable ? 'Retryable' : 'Non-retryable',
    ExceptionName: EXCEPTION_NAMES[reason] ?? reason,
  };
}
