import { formatDuration } from '../../pages/formatFigures.ts';
import type { Level } from '../../pages/parts.ts';
import type { Alert } from './alert.ts';
import type { KeyManagerState } from './sample.ts';
import { changesOf, type StatusFacts } from './statusFacts.ts';

const DAY_SECONDS = 86_400;
const SOON_SECONDS = 10 * DAY_SECONDS;
const RENEWAL_SECONDS = 30 * DAY_SECONDS;
const CHECKPOINT_SECONDS = 300;

/** Alerts on the present state. */
export const STATE_ALERTS: readonly Alert[] = [
  {
    name: 'XksProxyRecordingFailing',
    severity: 'critical',
    problem: 'The proxy cannot record requests, so it does not serve them',
    cure: 'Free space for the audit log, or repair the reader of the log stream. The proxy then continues by itself.',
    find: flag('xks_proxy_recording_failing', 1),
  },
  {
    name: 'XksProxyKeyStoreNotServing',
    severity: 'critical',
    problem: 'Key stores are not served',
    cure: 'The HSM is down or unreachable, or its user is locked or logged out. The proxy recovers by itself, except from a wrong PIN, which needs a new configuration.',
    find: ({ metrics }) =>
      metrics.series('xks_proxy_key_store_serving').flatMap(({ labels, value }) => {
        return value === 0 ? [`${labels['key_store'] ?? ''}: no key manager can serve`] : [];
      }),
  },
  {
    name: 'XksProxyKeyManagerUnavailable',
    severity: 'warning',
    problem: 'Key managers fail',
    cure: 'Key stores that have another key manager use that one. Check the HSM, its network and the health key.',
    find: inState('UNAVAILABLE'),
  },
  {
    name: 'XksProxyKeyManagerDegraded',
    severity: 'warning',
    problem: 'Key managers are slow, or have no free session',
    cure: 'Check the load of the HSM and its network. KMS waits 250 ms in all.',
    find: inState('DEGRADED'),
  },
  {
    name: 'XksProxyAuditLogFailing',
    severity: 'critical',
    problem: 'Audit logs cannot be written',
    cure: 'Free space on the file system of audit.directory, or mount it. The log has the details.',
    find: ofLogs('xks_proxy_audit_failing', (value) => (value === 1 ? 'accepts no records' : undefined)),
  },
  {
    name: 'XksProxyCheckpointOld',
    severity: 'warning',
    problem: 'Audit logs have no new checkpoint',
    cure: 'The process hangs, or cannot write its audit log. Newer records have no signature yet.',
    limit: CHECKPOINT_SECONDS,
    find: ofLogs('xks_proxy_audit_last_checkpoint_timestamp_seconds', (value, now) =>
      now - value > CHECKPOINT_SECONDS ? `the last one is ${formatDuration(now - value)} old` : undefined,
    ),
  },
  {
    name: 'XksProxyAuditLogSealed',
    severity: 'warning',
    problem: 'Damaged audit logs are kept sealed as evidence',
    cure: 'Someone changed their files, or the disk is damaged. Find out which, and move the logs out of audit.directory.',
    limit: 0,
    find: ofLogs('xks_proxy_audit_sealed_logs', (value) => (value > 0 ? `${value} in its slot` : undefined)),
  },
  {
    name: 'XksProxyBlockListUnreadable',
    severity: 'critical',
    problem: 'The block list cannot be read: the previous blocks stay in force, and new ones have no effect',
    cure: 'Its file is missing or damaged, or has the wrong owner or mode; the log says which. Correct the file, or write a new one with key block and keystore block.',
    find: flag('xks_proxy_block_list_unreadable', 1),
  },
  {
    name: 'XksProxyKeyUnprotected',
    severity: 'critical',
    problem: 'Keys can leave the HSM or be read there',
    cure: 'They were created or imported with another tool. Rotate them with xks-proxy key rotate, which creates protected keys.',
    find: ({ metrics }) => {
      const unprotected = metrics.series('xks_proxy_key_unprotected').filter(({ value }) => value === 1);
      return [
        ...new Set(
          unprotected.map(({ labels }) => {
            return `${labels['key_store'] ?? ''}: ${labels['external_key_id'] ?? ''} is ${(labels['problem'] ?? '').replaceAll('_', ' ')}`;
          }),
        ),
      ];
    },
  },
  {
    name: 'XksProxyCertificateExpiresSoon',
    severity: 'critical',
    problem: 'Certificates expire in less than 10 days, or have expired',
    cure: 'Renew them now, and write the new files, which the proxy reloads by itself. After a certificate has expired, KMS cannot use any key.',
    limit: SOON_SECONDS,
    find: expiring('fail'),
  },
  {
    name: 'XksProxyCertificateExpires',
    severity: 'warning',
    problem: 'Certificates expire in less than 30 days',
    cure: 'Renew them, and write the new files, which the proxy reloads by itself.',
    limit: RENEWAL_SECONDS,
    find: expiring('warn'),
  },
  {
    name: 'XksProxyConfigReloadFailed',
    severity: 'warning',
    problem: 'The last configuration was refused, and the previous one is in force',
    cure: 'The log and xks-proxy config check say what is wrong with it. Until it is corrected, a restart would fail.',
    find: flag('xks_proxy_config_last_reload_successful', 0),
  },
];

/** Returns the level of a certificate that expires in so many seconds. */
export function certificateLevel(seconds: number): Level {
  if (seconds < SOON_SECONDS) return 'fail';
  return seconds < RENEWAL_SECONDS ? 'warn' : 'pass';
}

function flag(metric: string, wrong: number) {
  return ({ metrics }: StatusFacts): string[] => (metrics.value(metric) === wrong ? [''] : []);
}

function inState(status: KeyManagerState['status']) {
  return (facts: StatusFacts): string[] =>
    [...facts.states].flatMap(([name, state]) => {
      if (state.status !== status) return [];
      const detail = changesOf(facts, name).find((change) => change.status === status)?.detail;
      return [`${name} is ${status}${detail === undefined ? '' : `: ${detail}`}`];
    });
}

function ofLogs(metric: string, says: (value: number, nowSeconds: number) => string | undefined) {
  return ({ metrics, now }: StatusFacts): string[] =>
    metrics.series(metric).flatMap(({ labels, value }) => {
      const found = says(value, now / 1000);
      return found === undefined ? [] : [`${labels['log'] ?? ''}: ${found}`];
    });
}

function expiring(level: Level) {
  return ({ metrics, now }: StatusFacts): string[] =>
    metrics
      .series('xks_proxy_certificate_expiry_timestamp_seconds')
      .map(({ labels, value }) => ({ labels, left: value - now / 1000 }))
      .filter(({ left }) => certificateLevel(left) === level)
      .sort((one, other) => one.left - other.left)
      .map(({ labels: { subject = '', certificate = '' }, left }) => {
        const when = left <= 0 ? `expired ${formatDuration(-left)} ago` : `expires in ${formatDuration(left)}`;
        return `${subject} (${certificate}) ${when}`;
      });
}
