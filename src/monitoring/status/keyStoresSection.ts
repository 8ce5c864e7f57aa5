import { formatNumber, formatShare } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { latencyChart, ratesChart } from './chartsSection.ts';
import { quantileMs } from './latency.ts';
import { figures, list, msOf, outcome, present, table } from '../../pages/parts.ts';
import { addRequests, type RequestCounts } from './requestCounts.ts';
import type { StatusFacts } from './statusFacts.ts';

// Requests whose path names no key store.
const NONE = 'none';
const MOST_BLOCKED_KEYS = 50;
// With more key stores there are no graphs, because the page would have megabytes.
const MOST_CARDS = 20;

export function keyStoresSection(facts: StatusFacts): Html {
  const names = [...facts.metrics.by('xks_proxy_key_store_serving', 'key_store').keys()];
  const isFew = names.length <= MOST_CARDS;
  return html`<section>
    <h2>Key stores</h2>
    ${isFew ? '' : keyStoreTable(facts, names)}
    <div class="cards">${isFew ? names.map((name) => keyStore(facts, name)) : []} ${withoutKeyStore(facts)}</div>
  </section>`;
}

function keyStoreTable(facts: StatusFacts, names: readonly string[]): Html {
  return table({
    caption: 'Key stores in the last half hour',
    columns: ['Key store', 'State', 'Requests', 'Failed', 'p99', 'Highest use of quota', 'Blocked keys'],
    rows: names.map((key_store) => {
      const { succeeded, failed, latency } = recentOf(facts, key_store);
      return [
        key_store,
        stateOf(facts, key_store),
        formatNumber(succeeded + failed),
        formatNumber(failed),
        msOf(quantileMs(latency, 0.99)),
        formatShare(quotaUse(facts, key_store)?.highest ?? 0),
        formatNumber(facts.metrics.with('xks_proxy_key_blocked', { key_store }).length),
      ];
    }),
  });
}

function stateOf({ metrics }: StatusFacts, key_store: string): Html {
  const isServing = metrics.value('xks_proxy_key_store_serving', { key_store }) === 1;
  const isBlocked = metrics.value('xks_proxy_key_store_blocked', { key_store }) === 1;
  return html`${isServing ? outcome('pass', 'SERVING') : outcome('fail', 'NOT SERVING')}
  ${isBlocked ? outcome('fail', 'BLOCKED') : ''}`;
}

function keyStore(facts: StatusFacts, key_store: string): Html {
  const { bins } = facts;
  const recent = recentOf(facts, key_store);
  return html`<article class="card pad" aria-label="Key store ${key_store}">
    <h3>${key_store} ${stateOf(facts, key_store)}</h3>
    ${figures([
      ['requests', formatNumber(recent.succeeded + recent.failed)],
      ['failed', formatNumber(recent.failed)],
      ['p50', msOf(quantileMs(recent.latency, 0.5))],
      ['p99', msOf(quantileMs(recent.latency, 0.99))],
      ['since start', formatNumber(totalOf(facts, key_store))],
    ])}
    ${quota(facts, key_store)}
    <div class="charts">
      ${ratesChart('Requests a second', bins, ({ keyStores }) => present(keyStores.get(key_store)))}
      ${latencyChart(bins, ({ keyStores }) => present(keyStores.get(key_store)?.latency))}
    </div>
    ${errors(recent)} ${blockedKeys(facts, key_store)}
  </article>`;
}

function quota(facts: StatusFacts, key_store: string): Html {
  const use = quotaUse(facts, key_store);
  if (!use) return figures([['quota', 'none']]);
  const rateOf = (share: number) => `${formatNumber(share * use.limit)} a second (${formatShare(share)})`;
  return figures([
    ['quota', `${formatNumber(use.limit)} a second`],
    ['used', rateOf(use.newest)],
    ['highest', rateOf(use.highest)],
    ['throttled', formatNumber(recentOf(facts, key_store).throttledByQuota)],
  ]);
}

/** Returns the used share of a key store's quota: in the newest sample, and the highest one. Undefined if it has no quota. */
function quotaUse({ metrics, samples }: StatusFacts, key_store: string) {
  const limit = metrics.value('xks_proxy_key_store_quota_requests_per_second', { key_store });
  if (limit === undefined) return undefined;
  const shares = samples
    .filter(({ seconds }) => seconds > 0)
    .map(({ keyStores, seconds }) => (keyStores.get(key_store)?.admitted ?? 0) / seconds / limit);
  return { limit, newest: shares.at(-1) ?? 0, highest: Math.max(0, ...shares) };
}

function errors(recent: RequestCounts): Html {
  const named = Object.entries(recent.errors).sort(([, one], [, other]) => other - one);
  if (named.length === 0)
    return html`<h4>Errors</h4>
      <p class="muted">None in the last half hour</p>`;
  return html`<h4>Errors in the last half hour</h4>
    ${list(named.map(([name, count]) => html`<b>${formatNumber(count)}</b> ${name}`))}`;
}

function blockedKeys({ metrics }: StatusFacts, key_store: string): Html {
  const ids = metrics.with('xks_proxy_key_blocked', { key_store }).map(({ labels }) => labels['external_key_id'] ?? '');
  if (ids.length === 0)
    return html`<h4>Blocked keys</h4>
      <p class="muted">None</p>`;
  return html`<h4>Blocked keys: ${ids.length}</h4>
    ${list(
      ids.map((id) => html`<code>${id}</code>`),
      MOST_BLOCKED_KEYS,
    )}`;
}

/** Shows requests without a key store, and connections without a request. */
function withoutKeyStore(facts: StatusFacts): Html {
  const refused = facts.metrics.series('xks_proxy_refused_connections_total').filter(({ value }) => value > 0);
  const recent = recentOf(facts, NONE);
  if (refused.length === 0 && totalOf(facts, NONE) === 0) return html``;
  return html`<article class="card pad" aria-label="Requests without a key store">
    <h3>Requests without a key store</h3>
    ${figures([
      ['requests', formatNumber(recent.succeeded + recent.failed)],
      ['since start', formatNumber(totalOf(facts, NONE))],
      ...refused.map(({ labels, value }): [string, string] => {
        return [`connections refused (${labels['reason'] ?? ''})`, formatNumber(value)];
      }),
    ])}
    ${errors(recent)}
  </article>`;
}

function recentOf({ samples }: StatusFacts, keyStore: string): RequestCounts {
  return addRequests(samples.flatMap(({ keyStores }) => present(keyStores.get(keyStore))));
}

function totalOf({ totals }: StatusFacts, keyStore: string): number {
  const { succeeded, failed } = addRequests(present(totals.keyStores.get(keyStore)));
  return succeeded + failed;
}
