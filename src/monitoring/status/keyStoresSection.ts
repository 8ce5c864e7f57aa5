import { formatNumber, formatShare } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { latencyChart, ratesChart } from './chartsSection.ts';
import { quantileMs } from './latency.ts';
import { figures, msOf, outcome, present } from './parts.ts';
import { addRequests, type RequestCounts } from './sample.ts';
import type { StatusFacts } from './statusFacts.ts';

// Requests whose path names no key store.
const NONE = 'none';
const MOST_BLOCKED_KEYS = 50;

export function keyStoresSection(facts: StatusFacts): Html {
  const names = facts.metrics.labels('xks_proxy_key_store_serving', 'key_store');
  return html`<section>
    <h2>Key stores</h2>
    <div class="cards">${names.map((name) => keyStore(facts, name))} ${withoutKeyStore(facts)}</div>
  </section>`;
}

function keyStore(facts: StatusFacts, key_store: string): Html {
  const { metrics, bins } = facts;
  const isServing = metrics.value('xks_proxy_key_store_serving', { key_store }) === 1;
  const isBlocked = metrics.value('xks_proxy_key_store_blocked', { key_store }) === 1;
  const recent = recentOf(facts, key_store);
  return html`<article class="card pad" aria-label="Key store ${key_store}">
    <h3>
      ${key_store} ${isServing ? outcome('pass', 'SERVING') : outcome('fail', 'NOT SERVING')}
      ${isBlocked ? outcome('fail', 'BLOCKED') : ''}
    </h3>
    ${figures([
      ['requests', formatNumber(recent.succeeded + recent.failed)],
      ['failed', formatNumber(recent.failed)],
      ['half within', msOf(quantileMs(recent.latency, 0.5))],
      ['99 % within', msOf(quantileMs(recent.latency, 0.99))],
      ['since the start', formatNumber(totalOf(facts, key_store))],
    ])}
    ${quota(facts, key_store)}
    <div class="charts">
      ${ratesChart('Requests a second', bins, ({ keyStores }) => present(keyStores.get(key_store)))}
      ${latencyChart(bins, ({ keyStores }) => present(keyStores.get(key_store)?.latency))}
    </div>
    ${errors(recent)} ${blockedKeys(facts, key_store)}
  </article>`;
}

/** How much of its quota a key store has used: now, and at most. */
function quota({ metrics, samples }: StatusFacts, key_store: string): Html {
  const limit = metrics.value('xks_proxy_key_store_quota_requests_per_second', { key_store });
  if (limit === undefined) return figures([['quota', 'none']]);
  const rates = samples.map(({ keyStores, seconds }) => (keyStores.get(key_store)?.admitted ?? 0) / seconds);
  const refused = samples.reduce((sum, { keyStores }) => sum + (keyStores.get(key_store)?.throttledByQuota ?? 0), 0);
  const rateOf = (rate: number) => `${formatNumber(rate)} a second (${formatShare(rate / limit)})`;
  return figures([
    ['quota', `${formatNumber(limit)} a second`],
    ['used', rateOf(rates.at(-1) ?? 0)],
    ['at most', rateOf(Math.max(0, ...rates))],
    ['refused by it', formatNumber(refused)],
  ]);
}

function errors(recent: RequestCounts): Html {
  const named = Object.entries(recent.errors).sort(([, one], [, other]) => other - one);
  if (named.length === 0)
    return html`<h4>Errors</h4>
      <p class="muted">None in the last half hour</p>`;
  return html`<h4>Errors in the last half hour</h4>
    <ul class="list">
      ${named.map(([name, count]) => html`<li><b>${formatNumber(count)}</b> ${name}</li>`)}
    </ul>`;
}

function blockedKeys({ metrics }: StatusFacts, key_store: string): Html {
  const ids = metrics.with('xks_proxy_key_blocked', { key_store }).map(({ labels }) => labels['external_key_id'] ?? '');
  if (ids.length === 0)
    return html`<h4>Blocked keys</h4>
      <p class="muted">None</p>`;
  const more = ids.length - MOST_BLOCKED_KEYS;
  return html`<h4>Blocked keys: ${ids.length}</h4>
    <ul class="list">
      ${ids.slice(0, MOST_BLOCKED_KEYS).map((id) => html`<li><code>${id}</code></li>`)}
      ${more > 0 ? html`<li class="muted">and ${more} more</li>` : ''}
    </ul>`;
}

/** Requests that are of no key store, and connections that had no request. */
function withoutKeyStore(facts: StatusFacts): Html {
  const refused = facts.metrics.series('xks_proxy_refused_connections_total').filter(({ value }) => value > 0);
  const recent = recentOf(facts, NONE);
  if (refused.length === 0 && totalOf(facts, NONE) === 0) return html``;
  return html`<article class="card pad" aria-label="Of no key store">
    <h3>Of no key store</h3>
    ${figures([
      ['requests', formatNumber(recent.succeeded + recent.failed)],
      ['since the start', formatNumber(totalOf(facts, NONE))],
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
