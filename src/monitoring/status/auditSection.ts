import { formatDuration, formatNumber } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { outcome, table, timeOf } from '../../pages/parts.ts';
import type { StatusFacts } from './statusFacts.ts';

export function auditSection({ metrics, now }: StatusFacts): Html {
  const logs = metrics.series('xks_proxy_audit_tree_size');
  const isFailing = metrics.value('xks_proxy_recording_failing') === 1;
  return html`<section>
    <h2>Records</h2>
    <p>${isFailing ? outcome('fail', 'Requests cannot be recorded') : outcome('pass', 'Requests are recorded')}</p>
    ${
      logs.length === 0
        ? html`<p class="muted">There is no audit log: records go to the log stream only.</p>`
        : table({
            caption: 'Audit logs',
            columns: ['Audit log', 'State', 'Records', 'Last checkpoint'],
            rows: logs.map(({ labels: { log = '' }, value: size }) => {
              const failing = metrics.value('xks_proxy_audit_failing', { log }) === 1;
              const at = metrics.value('xks_proxy_audit_last_checkpoint_timestamp_seconds', { log });
              return [
                html`<code>${log}</code>`,
                failing ? outcome('fail', 'cannot be written') : outcome('pass', 'is written'),
                formatNumber(size),
                at ? html`${timeOf(at)}, ${formatDuration(now / 1000 - at)} ago` : 'none yet',
              ];
            }),
          })
    }
  </section>`;
}
