import { html, type Html } from '../../pages/html.ts';
import { pageFrame } from '../../pages/pageFrame.ts';
import { outcome, timeOf } from '../../pages/parts.ts';
import { version } from '../../version.ts';
import type { CustomKeyStore } from '../state/records.ts';
import { CONNECTION_ERRORS } from './connectionErrors.ts';
import type { ConsoleFacts } from './consoleFacts.ts';
import { CONSOLE_PATHS } from './consolePaths.ts';
import { dialogs } from './dialogs.ts';
import { eventsSection } from './eventsSection.ts';
import { keysSection } from './keysSection.ts';
import { keyStoresSection } from './keyStoresSection.ts';
import { monitoringSection } from './monitoringSection.ts';

/** Renders the whole page. Its events replace the part that `consoleMain` renders. */
export function consolePage(facts: ConsoleFacts): string {
  return pageFrame({
    title: titleOf(facts),
    head: html`<link rel="icon" href="data:," />
      <link rel="stylesheet" href="${CONSOLE_PATHS.style}" />
      <script type="module" src="${CONSOLE_PATHS.script}"></script>
      ${facts.canAct ? html`<script type="module" src="${CONSOLE_PATHS.actions}"></script>` : ''}`,
    body: html`<body data-events="${CONSOLE_PATHS.events}" data-calls="${CONSOLE_PATHS.calls}">
      <p class="live" id="live" role="status">As of the loading of the page</p>
      ${consoleMain(facts)} ${facts.canAct ? dialogs() : ''}
    </body>`,
  });
}

export function consoleMain(facts: ConsoleFacts): Html {
  const { identity, clock, evaluatePolicies } = facts.kms;
  return html`<main data-title="${titleOf(facts)}">
    <header>
      <p class="kicker">xks-proxy local KMS</p>
      <h1>Console</h1>
      <dl class="facts">
        <dt>Account and Region</dt>
        <dd>${identity.accountId}, ${identity.region}</dd>
        <dt>As of</dt>
        <dd>${timeOf(Math.floor(clock() / 1000))}</dd>
        <dt>Version</dt>
        <dd>${version}</dd>
        <dt>Policies</dt>
        <dd>${evaluatePolicies ? 'evaluated' : 'kept, not evaluated'}</dd>
      </dl>
    </header>
    ${verdict(facts)} ${keyStoresSection(facts)} ${keysSection(facts)} ${monitoringSection(facts)}
    ${eventsSection(facts)}
    <footer>
      <p>
        ${facts.canAct ? '' : 'This console is read-only: --console-caller sets the caller that it acts as.'} Times are
        in UTC. docs/local-kms.md describes this page.
      </p>
    </footer>
  </main>`;
}

function titleOf({ kms }: ConsoleFacts): string {
  const { failed } = countsOf(kms.state.customKeyStores.list());
  return `${failed > 0 ? `${failed} FAILED: ` : ''}local KMS console`;
}

function verdict({ kms }: ConsoleFacts): Html {
  const keyStores = kms.state.customKeyStores.list();
  const { all, connected, failed } = countsOf(keyStores);
  const level = failed > 0 ? 'fail' : connected < all ? 'warn' : 'pass';
  const stores = all === 1 ? 'custom key store' : 'custom key stores';
  return html`<section class="card verdict ${level}" aria-live="polite">
    <h2>${all === 0 ? 'No custom key store' : `${connected} of ${all} ${stores} connected`}</h2>
    <p>
      ${failed > 0 ? 'Disconnect a key store that is FAILED, remove the cause, and connect it again.' : 'None is FAILED.'}
    </p>
    ${failed > 0 ? failureList(keyStores) : ''}
  </section>`;
}

function failureList(keyStores: readonly CustomKeyStore[]): Html {
  return html`<ul class="list">
    ${keyStores.map(({ customKeyStoreName: name, connectionState, connectionErrorCode: code }) => {
      if (connectionState !== 'FAILED' || code === undefined) return html``;
      const { cause, cure } = CONNECTION_ERRORS[code];
      return html`<li>${outcome('fail', 'FAILED')} <bdi>${name}</bdi>: <b>${code}</b> ${cause} ${cure}</li>`;
    })}
  </ul>`;
}

function countsOf(stores: readonly { readonly connectionState: string }[]) {
  const count = (state: string) => stores.filter(({ connectionState }) => connectionState === state).length;
  return { all: stores.length, connected: count('CONNECTED'), failed: count('FAILED') };
}
