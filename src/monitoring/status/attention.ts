import { formatDuration } from '../../pages/formatFigures.ts';
import { changesOf, type StatusFacts } from './statusFacts.ts';

/** A condition that an operator should look at. */
export interface Attention {
  /** `fail`: keys cannot be used, or soon will not be usable. */
  readonly level: 'fail' | 'warn';
  readonly text: string;
  /** The alert in docs/monitoring.md that explains the condition. */
  readonly alert?: string;
}

const DAY_SECONDS = 86_400;
const OLD_CHECKPOINT_SECONDS = 300;

/** Finds conditions that need attention, worst first. The bounds are those of the alerts. */
export function findAttention(facts: StatusFacts): Attention[] {
  const found = [readiness, keyManagers, certificates, audit, blocks, keys, configuration, processes].flatMap((look) =>
    look(facts),
  );
  return found.sort((one, other) => Number(one.level === 'warn') - Number(other.level === 'warn'));
}

function keyManagers(facts: StatusFacts): Attention[] {
  return [...facts.states].flatMap(([name, { status }]): Attention[] => {
    if (status === 'ACTIVE') return [];
    const detail = changesOf(facts, name).find((change) => change.status === status)?.detail;
    const text = `Key manager ${name} is ${status}${detail === undefined ? '' : `: ${detail}`}`;
    if (status === 'DEGRADED') return [{ level: 'warn', text, alert: 'XksProxyKeyManagerDegraded' }];
    return [{ level: 'fail', text, alert: 'XksProxyKeyManagerUnavailable' }];
  });
}

/** Includes the key stores that are not served. */
function readiness({ readiness: { problems } }: StatusFacts): Attention[] {
  return problems.map((problem) => ({ level: 'fail', text: problem.charAt(0).toUpperCase() + problem.slice(1) }));
}

function certificates({ metrics, now }: StatusFacts): Attention[] {
  return metrics.series('xks_proxy_certificate_expiry_timestamp_seconds').flatMap(({ labels, value }): Attention[] => {
    const name = `The certificate of ${labels['subject'] ?? ''} (${labels['certificate'] ?? ''})`;
    const left = value - now / 1000;
    if (left <= 0) {
      const text = `${name} expired ${formatDuration(-left)} ago`;
      return [{ level: 'fail', text, alert: 'XksProxyCertificateExpiresSoon' }];
    }
    if (left > 30 * DAY_SECONDS) return [];
    const text = `${name} expires in ${formatDuration(left)}`;
    if (left < 10 * DAY_SECONDS) return [{ level: 'fail', text, alert: 'XksProxyCertificateExpiresSoon' }];
    return [{ level: 'warn', text, alert: 'XksProxyCertificateExpires' }];
  });
}

function audit({ metrics, now }: StatusFacts): Attention[] {
  const found: Attention[] = [];
  for (const log of metrics.by('xks_proxy_audit_tree_size', 'log').keys()) {
    if (metrics.value('xks_proxy_audit_failing', { log }) === 1) {
      const text = `Records cannot be written to the audit log ${log}`;
      found.push({ level: 'fail', text, alert: 'XksProxyAuditLogFailing' });
    }
    const age = now / 1000 - (metrics.value('xks_proxy_audit_last_checkpoint_timestamp_seconds', { log }) ?? 0);
    if (age > OLD_CHECKPOINT_SECONDS) {
      const text = `The last checkpoint of the audit log ${log} is ${formatDuration(age)} old`;
      found.push({ level: 'warn', text, alert: 'XksProxyCheckpointOld' });
    }
    const sealed = metrics.value('xks_proxy_audit_sealed_logs', { log }) ?? 0;
    if (sealed > 0) {
      const text = `${sealed} damaged logs of the slot of ${log} are kept sealed as evidence`;
      found.push({ level: 'warn', text, alert: 'XksProxyAuditLogSealed' });
    }
  }
  const unrecorded = metrics.value('xks_proxy_audit_unrecorded_answers_total') ?? 0;
  if (unrecorded > 0) {
    const text = `${unrecorded} answers have left without a record in the audit log since start`;
    found.push({ level: 'warn', text, alert: 'XksProxyAnswersUnrecorded' });
  }
  return found;
}

function blocks({ metrics }: StatusFacts): Attention[] {
  if (metrics.value('xks_proxy_block_list_unreadable') !== 1) return [];
  const text = 'The block list cannot be read: the previous blocks stay in force';
  return [{ level: 'fail', text, alert: 'XksProxyBlockListUnreadable' }];
}

function keys({ metrics }: StatusFacts): Attention[] {
  const unprotected = metrics.series('xks_proxy_key_unprotected');
  const stores = Map.groupBy(unprotected, ({ labels }) => labels['key_store'] ?? '');
  return [...stores].map(([store, its]) => {
    const ids = [...new Set(its.map(({ labels }) => labels['external_key_id'] ?? ''))];
    const more = ids.length > 3 ? ` and ${ids.length - 3} more` : '';
    const text = `Keys of key store ${store} can leave the HSM or be read there: ${ids.slice(0, 3).join(', ')}${more}`;
    return { level: 'warn', text, alert: 'XksProxyKeyUnprotected' };
  });
}

function configuration({ metrics }: StatusFacts): Attention[] {
  if (metrics.value('xks_proxy_config_last_reload_successful') !== 0) return [];
  const text = 'The last configuration was refused, and the previous one is in force: the log says why';
  return [{ level: 'warn', text, alert: 'XksProxyConfigReloadFailed' }];
}

function processes({ processes }: StatusFacts): Attention[] {
  return processes
    .filter(({ is }) => is === 'not answering')
    .map(({ pid }) => {
      const text = `The worker process ${pid ?? ''} does not answer`;
      return { level: 'warn', text, alert: 'XksProxyWorkerRestarted' };
    });
}
