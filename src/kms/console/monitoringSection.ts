import { formatNumber, formatShare } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { figures, joined, keyed, table } from '../../pages/parts.ts';
import { timeChart } from '../../pages/timeChart.ts';
import { BIN_SECONDS, boundOf, sumOf, type ExchangeCounts } from '../monitoring/exchangeHistory.ts';
import type { ExternalKeyStore } from '../state/records.ts';
import type { ConsoleFacts } from './consoleFacts.ts';

const DAY_MS = 86_400_000;

/** Renders the last hour of each external key store, like AWS's console. AWS KMS Developer Guide, "Monitoring external key stores". */
export function monitoringSection(facts: ConsoleFacts): Html {
  const stores = facts.kms.state.customKeyStores.external();
  if (stores.length === 0) return html``;
  return html`<section>
    <h2>Monitoring of external key stores</h2>
    <div class="cards">${stores.map((store) => keyStore(facts, store))}</div>
  </section>`;
}

function keyStore(facts: ConsoleFacts, store: ExternalKeyStore): Html {
  const { customKeyStoreId, customKeyStoreName: name, credentialDate } = store;
  const { history, kms } = facts;
  const bins = history.bins(customKeyStoreId);
  const hour = sumOf(bins);
  const certificate = history.lastCertificate(customKeyStoreId);
  const daysOf = (ms: number) => formatNumber(Math.max(0, ms) / DAY_MS);
  return html`<article class="card pad" ${keyed(customKeyStoreId)} aria-label="Monitoring of ${name}">
    <h3>${name}</h3>
    ${figures([
      ['requests', formatNumber(hour.succeeded + hour.failed)],
      ['reliability', reliabilityOf(hour)],
      ['throttled', formatNumber(hour.throttled)],
      ['credential, days old', daysOf(kms.clock() - credentialDate)],
      ['certificate, days left', certificate ? daysOf(certificate.validTo - kms.clock()) : '–'],
      ['key managers', healthOf(facts, customKeyStoreId)],
    ])}
    <div class="charts">${chart(bins)}</div>
    ${latencies(hour)} ${errors(hour)}
  </article>`;
}

function reliabilityOf({ succeeded, failed }: ExchangeCounts): string {
  return succeeded + failed === 0 ? '–' : formatShare(succeeded / (succeeded + failed));
}

function healthOf({ history }: ConsoleFacts, customKeyStoreId: string): string {
  const instances = history.lastHealth(customKeyStoreId)?.ekmFleetDetails;
  return instances ? joined(instances.map(({ id, healthStatus }) => `${id} ${healthStatus}`)) : 'not known';
}

function chart(bins: readonly ExchangeCounts[]): Html {
  return timeChart({
    title: 'Requests per minute',
    kind: 'bars',
    series: [
      { name: 'success', look: 'plain', values: bins.map(({ succeeded }) => succeeded) },
      { name: 'failure', look: 'fail', values: bins.map(({ failed }) => failed) },
    ],
    binSeconds: BIN_SECONDS,
    format: formatNumber,
  });
}

function latencies({ latency }: ExchangeCounts): Html {
  if (latency.size === 0) return html``;
  return table({
    caption: 'Latency in the last hour',
    columns: ['Request to the proxy', 'Requests', 'p50', 'p99'],
    rows: Array.from(latency, ([operation, counts]) => [
      operation,
      formatNumber(counts.reduce((sum, count) => sum + count, 0)),
      withinOf(counts, 0.5),
      withinOf(counts, 0.99),
    ]),
  });
}

function withinOf(counts: readonly number[], share: number): string {
  const bound = boundOf(counts, share);
  if (bound === undefined) return '–';
  return bound === Infinity ? 'over 500 ms' : `${formatNumber(bound)} ms or less`;
}

function errors({ failures }: ExchangeCounts): Html {
  const named = [...failures].sort(([, one], [, other]) => other - one);
  if (named.length === 0) return html`<p class="muted">No errors in the last hour</p>`;
  return html`<h4>Errors in the last hour</h4>
    <ul class="list">
      ${named.map(([name, count]) => html`<li><b>${formatNumber(count)}</b> ${name}</li>`)}
    </ul>`;
}
