import { formatNumber, formatShare } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { HEALTH_STATUSES, type HealthStatus } from '../../xks/messages/getHealthStatus.ts';
import { chart, latencyChart, ratesChart } from './chartsSection.ts';
import { addLatencies, quantileMs } from './latency.ts';
import { figures, list, msOf, outcome, present, timeOf } from '../../pages/parts.ts';
import { LEVEL_OF_STATUS } from './levels.ts';
import type { KeyManagerState, Sample } from './sample.ts';
import { changesOf, type FoundChange, type StatusFacts } from './statusFacts.ts';

// Each process keeps its last 20.
const MOST_CHANGES = 50;

export function keyManagersSection(facts: StatusFacts): Html {
  return html`<section>
    <h2>Key managers</h2>
    <div class="cards">${[...facts.states].map(([name, state]) => keyManager(facts, name, state))}</div>
  </section>`;
}

function keyManager(facts: StatusFacts, name: string, state: KeyManagerState): Html {
  const { status, sessions, sessionsInUse, operationsWaiting } = state;
  const { samples, bins } = facts;
  const operations = samples.flatMap(({ keyManagers }) => present(keyManagers.get(name)));
  const latency = addLatencies(operations.map((each) => each.latency));
  const failed = operations.reduce((sum, each) => sum + each.failed, 0);
  const changes = changesOf(facts, name);
  return html`<article class="card pad" aria-label="Key manager ${name}">
    <h3>${name} ${outcome(LEVEL_OF_STATUS[status], status)}</h3>
    ${status === 'ACTIVE' ? '' : html`<p>${changes.find((change) => change.status === status)?.detail ?? ''}</p>`}
    ${figures([
      ['sessions in use', sessions === undefined ? 'not known' : `${sessionsInUse ?? 0} of ${sessions}`],
      ['operations waiting', formatNumber(operationsWaiting ?? 0)],
      ['operations', formatNumber(operations.reduce((sum, each) => sum + each.succeeded + each.failed, 0))],
      ['failed', formatNumber(failed)],
      ['p50', msOf(quantileMs(latency, 0.5))],
      ['p99', msOf(quantileMs(latency, 0.99))],
    ])}
    <div class="charts">
      ${stateChart(bins, name)} ${sessionsChart(bins, name)}
      ${ratesChart('Operations a second', bins, ({ keyManagers }) => present(keyManagers.get(name)))}
      ${latencyChart(bins, ({ keyManagers }) => present(keyManagers.get(name)?.latency))}
    </div>
    <h4>State changes</h4>
    ${changes.length === 0 ? html`<p class="muted">None yet</p>` : changeList(changes)}
  </article>`;
}

function changeList(changes: readonly FoundChange[]): Html {
  const items = changes.map(
    ({ process, status, detail, at }) =>
      html`${timeOf(at / 1000)} ${outcome(LEVEL_OF_STATUS[status], status)} <bdi>${detail ?? ''}</bdi>
        <span class="muted">${process}</span>`,
  );
  return list(items, MOST_CHANGES);
}

type Bins = readonly (readonly Sample[])[];

/** Charts the worst state in each bin. Worse states are higher. */
function stateChart(bins: Bins, name: string): Html {
  const worst = bins.map((samples) => {
    const found = samples.flatMap(({ states }) => states.get(name)?.status ?? []);
    return HEALTH_STATUSES.findLast((status) => found.includes(status));
  });
  const height = (status: HealthStatus) => HEALTH_STATUSES.indexOf(status) + 1;
  const known = worst.filter((status) => status !== undefined).length;
  return chart({
    title: 'State',
    note: 'higher is worse',
    kind: 'bars',
    series: HEALTH_STATUSES.map((status) => ({
      name: status,
      look: LEVEL_OF_STATUS[status],
      values: worst.map((each) => (each === status ? height(status) : undefined)),
      figure: known === 0 ? '–' : formatShare(worst.filter((each) => each === status).length / known),
    })),
    ticks: HEALTH_STATUSES.map(height),
    format: (value) => HEALTH_STATUSES[value - 1] ?? '',
  });
}

function sessionsChart(bins: Bins, name: string): Html {
  const most = (figure: 'sessions' | 'sessionsInUse' | 'operationsWaiting') =>
    bins.map((samples) => {
      const values = samples.flatMap(({ states }) => states.get(name)?.[figure] ?? []);
      return values.length === 0 ? undefined : Math.max(...values);
    });
  return chart({
    title: 'Sessions',
    kind: 'curves',
    series: [
      { name: 'total', look: 'quiet', values: most('sessions') },
      { name: 'in use', look: 'plain', values: most('sessionsInUse') },
      { name: 'waiting', look: 'fail', values: most('operationsWaiting') },
    ],
    format: formatNumber,
  });
}
