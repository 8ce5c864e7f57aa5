import { Counter, Histogram, type Registry } from 'prom-client';
import type { RequestObserver } from '../../http/respond.ts';
import { KMS_OPERATIONS } from '../../xks/kmsOperations.ts';
import { LATENCY_BUCKETS } from './latencyBuckets.ts';

const KNOWN_OPERATIONS: ReadonlySet<string> = new Set(KMS_OPERATIONS);

/**
 * Counts requests. Every label value comes from a closed list or from the configuration, so that no client can add values. `none`
 * stands for an unknown or absent value.
 */
export function requestMetrics(registry: Registry): RequestObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'xks_proxy_requests_total',
    help: 'Requests that have ended.',
    labelNames: ['key_store', 'operation', 'kms_operation', 'outcome', 'error_name'],
    registers,
  });
  const duration = new Histogram({
    name: 'xks_proxy_request_duration_seconds',
    help: 'Time from the arrival of a request for a key store to the end of its answer.',
    labelNames: ['key_store', 'operation'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const throttled = new Counter({
    name: 'xks_proxy_throttled_requests_total',
    help: 'Requests answered with ThrottlingException: beyond the quota of the key store, or without a free session in time.',
    labelNames: ['key_store', 'reason'],
    registers,
  });
  const policyDecisions = new Counter({
    name: 'xks_proxy_policy_decisions_total',
    help: 'Requests that the policy of the key store decided on: allow, deny, or error when it could not be evaluated.',
    labelNames: ['key_store', 'decision'],
    registers,
  });

  const unauthenticated = new Counter({
    name: 'xks_proxy_unauthenticated_requests_total',
    help: 'Requests that were refused before authentication or because it failed, by the check that failed.',
    labelNames: ['key_store', 'check'],
    registers,
  });

  return (request) => {
    const { keyStore, operation, requestMetadata, keyManager, policy, outcome, errorName, durationMs } = request;
    if (request.accessKeyId === undefined) {
      unauthenticated.inc({ key_store: keyStore ?? 'none', check: request.failedCheck ?? 'request' });
    }
    requests.inc({
      key_store: keyStore ?? 'none',
      operation: operation ?? 'none',
      kms_operation: bounded(requestMetadata?.['kmsOperation']),
      outcome,
      error_name: errorName ?? 'none',
    });
    if (keyStore === undefined || operation === undefined) return;
    duration.observe({ key_store: keyStore, operation }, durationMs / 1000);
    if (policy) {
      const decision = policy.error === undefined ? policy.decision : 'error';
      policyDecisions.inc({ key_store: keyStore, decision });
    }
    if (errorName === 'ThrottlingException') {
      // The quota is applied before a key manager gets the request.
      throttled.inc({ key_store: keyStore, reason: keyManager === undefined ? 'quota' : 'sessions' });
    }
  };
}

// The client chooses this text.
function bounded(kmsOperation: string | undefined): string {
  if (kmsOperation === undefined) return 'none';
  return KNOWN_OPERATIONS.has(kmsOperation) ? kmsOperation : 'other';
}
