import { formatDuration } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { pageFrame } from '../../pages/pageFrame.ts';
import { findAttention, type Attention } from './attention.ts';
import { auditSection } from './auditSection.ts';
import { chartsSection } from './chartsSection.ts';
import { datesSection } from './datesSection.ts';
import { keyManagersSection } from './keyManagersSection.ts';
import { keyStoresSection } from './keyStoresSection.ts';
import { joined, list, outcome, timeOf } from '../../pages/parts.ts';
import { processesSection } from './processesSection.ts';
import type { StatusFacts } from './statusFacts.ts';
import { HISTORY_SECONDS } from './statusHistory.ts';
import { STATUS_PATHS } from './statusPaths.ts';

const STATES = { fail: 'Critical', warn: 'Warning' };
// For each alert.
const MOST_SUBJECTS = 5;

/** Renders the whole page. Its events replace the part that `statusMain` renders. */
export function statusPage(facts: StatusFacts): string {
  return pageFrame({
    title: titleOf(facts),
    head: html`<link rel="icon" href="data:," />
      <link rel="stylesheet" href="${STATUS_PATHS.style}" />
      <script type="module" src="${STATUS_PATHS.script}"></script>`,
    body: html`<body data-events="${STATUS_PATHS.events}">
      <p class="live" id="live" role="status">As of when the page was loaded</p>
      ${statusMain(facts)}
    </body>`,
  });
}

export function statusMain(facts: StatusFacts): Html {
  const { hostname, version, metrics, now, samples } = facts;
  const loadedAt = metrics.value('xks_proxy_config_last_reload_success_timestamp_seconds');
  const reloads = metrics.value('xks_proxy_config_reloads_total', { outcome: 'success' }) ?? 0;
  const refused = metrics.value('xks_proxy_config_last_reload_successful') === 0;
  const known = samples.reduce((sum, { seconds }) => sum + seconds, 0);
  const since = known < HISTORY_SECONDS ? `; this proxy has run for ${formatDuration(known)} of them` : '';
  return html`<main data-title="${titleOf(facts)}">
    <header>
      <p class="kicker">xks-proxy status</p>
      <h1>${hostname}</h1>
      <dl class="facts">
        <dt>As of</dt>
        <dd>${timeOf(now / 1000)}</dd>
        <dt>Version</dt>
        <dd>${version}</dd>
        <dt>Configuration</dt>
        <dd>
          ${loadedAt === undefined ? 'not known' : html`loaded ${timeOf(loadedAt)}`}, reloaded ${reloads}
          ${reloads === 1 ? 'time' : 'times'} since the start
          ${refused ? outcome('warn', 'the last one given was refused') : ''}
        </dd>
      </dl>
    </header>
    ${verdict(facts)} ${chartsSection(facts)} ${keyManagersSection(facts)} ${keyStoresSection(facts)}
    ${processesSection(facts)} ${datesSection(facts)} ${auditSection(facts)}
    <footer>
      <p>
        Of this proxy alone, all its processes together. Graphs show the last
        ${formatDuration(HISTORY_SECONDS)}${since}. Times are in UTC. Names such as XksProxyKeyManagerUnavailable are
        alerts: docs/monitoring.md says what to do. The same figures are at <a href="/metrics">/metrics</a>, and for
        load balancers at <a href="/readyz">/readyz</a>.
      </p>
    </footer>
  </main>`;
}

function titleOf(facts: StatusFacts): string {
  const [worst] = findAttention(facts);
  const state = facts.readiness.ready ? (worst ? STATES[worst.level] : 'Ready') : 'NOT READY';
  return `${state}: ${facts.hostname}, xks-proxy status`;
}

/** Leads with the worst problem. A proxy that is ready for load balancers may have problems. */
function verdict(facts: StatusFacts): Html {
  const { ready, problems } = facts.readiness;
  const attention = findAttention(facts);
  const [worst] = attention;
  const told = ready
    ? 'Load balancers may send requests here.'
    : `Load balancers should send no requests here: ${joined(problems)}.`;
  return html`<section class="card verdict ${ready ? (worst?.level ?? 'pass') : 'fail'}" aria-live="polite">
    <h2>${ready ? (worst?.alert.problem ?? 'Ready') : 'Not ready'}</h2>
    <p>${told}</p>
    ${
      worst
        ? html`<ul class="list">
            ${attention.map(reason)}
          </ul>`
        : ''
    }
  </section>`;
}

function reason({ level, alert, subjects }: Attention): Html {
  return html`<li>
    ${outcome(level, STATES[level])} <b>${alert.problem}</b> <span class="muted">${alert.name}</span>
    ${
      subjects.length === 0
        ? ''
        : list(
            subjects.map((subject) => html`<bdi>${joined([subject])}</bdi>`),
            MOST_SUBJECTS,
          )
    }
    <p class="muted">${alert.cure}</p>
  </li>`;
}
