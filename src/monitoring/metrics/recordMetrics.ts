import { Registry } from 'prom-client';
import type { AuditLogState } from '../../audit/log/auditLog.ts';
import { snapshotOf, type SnapshotSource } from './metricsSnapshot.ts';
import { readGauge } from './readGauge.ts';

/** The trail that records the requests of a process. */
export interface MeasuredTrail {
  readonly trail: { readonly problem: string | undefined };
  /** Returns undefined if there is no audit log. */
  readonly auditState: () => AuditLogState | undefined;
}

/** Metrics of the records and the audit log of a process, in a registry of their own unless one is given. */
export function recordMetrics(
  trail: () => MeasuredTrail | undefined,
  registry: Registry = new Registry(),
): SnapshotSource {
  const logGauge = (name: string, help: string, value: (state: AuditLogState) => number): void => {
    readGauge(registry, {
      name,
      help,
      labelNames: ['log'],
      aggregator: 'max',
      read: () => {
        const state = trail()?.auditState();
        return state ? [[{ log: state.name }, value(state)]] : [];
      },
    });
  };
  logGauge('xks_proxy_audit_tree_size', 'Records of an audit log.', ({ size }) => size);
  logGauge(
    'xks_proxy_audit_last_checkpoint_timestamp_seconds',
    'When the newest checkpoint of an audit log was made, in Unix time.',
    ({ lastCheckpointAt }) => lastCheckpointAt / 1000,
  );
  logGauge('xks_proxy_audit_failing', '1 while records cannot be written to an audit log.', ({ isFailing }) =>
    Number(isFailing),
  );
  logGauge(
    'xks_proxy_audit_sealed_logs',
    'Damaged logs that were sealed as evidence and not yet moved away.',
    ({ sealed }) => sealed,
  );
  readGauge(registry, {
    name: 'xks_proxy_recording_failing',
    help: '1 while a process cannot record requests, and so answers none: the audit log or the log stream takes no records.',
    labelNames: [],
    aggregator: 'max',
    read: () => {
      const found = trail();
      return found ? [[{}, Number(found.trail.problem !== undefined)]] : [];
    },
  });
  return snapshotOf(registry);
}
