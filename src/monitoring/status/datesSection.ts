import { formatDuration } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { outcome, table, timeOf } from '../../pages/parts.ts';
import { certificateLevel } from './stateAlerts.ts';
import type { StatusFacts } from './statusFacts.ts';

// A thousand key stores may have two credentials each.
const MOST_ROWS = 50;
const ROLES: Readonly<Record<string, string>> = { server: 'server', chain: 'its chain', client_ca: 'client authority' };

/** Certificates and credentials, with their dates. */
export function datesSection(facts: StatusFacts): Html {
  return html`<section>
      <h2>Certificates</h2>
      ${certificates(facts)}
    </section>
    <section>
      <h2>Credentials</h2>
      ${credentials(facts)}
    </section>`;
}

function certificates({ metrics, now }: StatusFacts): Html {
  const all = metrics.series('xks_proxy_certificate_expiry_timestamp_seconds');
  if (all.length === 0) return html`<p class="muted">None: plain HTTP</p>`;
  return table({
    caption: 'Certificates in force',
    most: MOST_ROWS,
    columns: ['Subject', 'Of', 'Serial number', 'Expires', 'Time left'],
    rows: all.map(({ labels, value }) => {
      const left = value - now / 1000;
      return [
        labels['subject'] ?? '',
        ROLES[labels['certificate'] ?? ''] ?? '',
        html`<code>${labels['serial_number'] ?? ''}</code>`,
        timeOf(value),
        timeLeft(left),
      ];
    }),
  });
}

function timeLeft(seconds: number): Html {
  return outcome(
    certificateLevel(seconds),
    seconds <= 0 ? `expired ${formatDuration(-seconds)} ago` : formatDuration(seconds),
  );
}

function credentials({ metrics, now }: StatusFacts): Html {
  return table({
    caption: 'Credentials in force',
    most: MOST_ROWS,
    columns: ['Access key id', 'Key store', 'First seen', 'Last used'],
    rows: metrics.series('xks_proxy_credential_last_used_timestamp_seconds').map(({ labels, value }) => {
      const seen = metrics.value('xks_proxy_credential_first_seen_timestamp_seconds', labels);
      return [
        html`<code>${labels['access_key_id'] ?? ''}</code>`,
        labels['key_store'] ?? '',
        seen === undefined ? '' : timeOf(seen),
        value === 0 ? 'not since start' : html`${timeOf(value)}, ${formatDuration(now / 1000 - value)} ago`,
      ];
    }),
  });
}
