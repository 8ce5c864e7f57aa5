import { html, type Html } from '../../pages/html.ts';
import { keyed, outcome, timeOf, type Level } from '../../pages/parts.ts';
import { zonesWithHsm } from '../clusters/servingClusters.ts';
import type { ConnectionState, CustomKeyStore } from '../state/records.ts';
import { opens } from './dialogs.ts';
import { CONNECTION_ERRORS } from './connectionErrors.ts';
import type { ConsoleFacts } from './consoleFacts.ts';

const LEVELS: Readonly<Record<ConnectionState, Level>> = {
  CONNECTED: 'pass',
  CONNECTING: 'warn',
  DISCONNECTING: 'warn',
  DISCONNECTED: 'warn',
  FAILED: 'fail',
};

const DISCONNECTABLE: readonly ConnectionState[] = ['CONNECTED', 'CONNECTING', 'FAILED'];

export function keyStoresSection(facts: ConsoleFacts): Html {
  const stores = facts.kms.state.customKeyStores.list();
  return html`<section>
    <h2>Custom key stores</h2>
    ${stores.length === 0 ? html`<p class="muted">None yet</p>` : ''}
    ${
      facts.canAct
        ? html`<p class="actions">
            ${opens('create-external', 'Create external key store')}
            ${opens('create-cloudhsm', 'Create AWS CloudHSM key store')}
          </p>`
        : ''
    }
    <div class="cards">${stores.map((store) => keyStore(facts, store))}</div>
  </section>`;
}

function keyStore(facts: ConsoleFacts, store: CustomKeyStore): Html {
  const { customKeyStoreName: name, customKeyStoreId, customKeyStoreType, creationDate } = store;
  return html`<article class="card pad" ${keyed(customKeyStoreId)} aria-label="Custom key store ${name}">
    <h3><bdi>${name}</bdi> ${connectionState(store)}</h3>
    <dl class="facts">
      <dt>Id</dt>
      <dd><code>${customKeyStoreId}</code></dd>
      <dt>Type</dt>
      <dd>${customKeyStoreType}</dd>
      <dt>Created</dt>
      <dd>${timeOf(creationDate / 1000)}</dd>
      ${particulars(facts, store)}
      <dt>Keys</dt>
      <dd>${facts.kms.state.keys.count(customKeyStoreId)}</dd>
    </dl>
    ${facts.canAct ? actions(facts, store) : ''}
  </article>`;
}

/** Renders the buttons of a key store. Each is enabled when AWS's console enables it. */
function actions({ kms }: ConsoleFacts, store: CustomKeyStore): Html {
  const { customKeyStoreId, customKeyStoreName: subject, connectionState: state } = store;
  const values = { CustomKeyStoreId: customKeyStoreId };
  const kind = store.customKeyStoreType === 'AWS_CLOUDHSM' ? 'cloudhsm' : 'external';
  const isDeletable = state === 'DISCONNECTED' && !kms.state.keys.areIn(customKeyStoreId);
  return html`<p class="actions">
    ${opens('connect', 'Connect', { values, subject, enabled: state === 'DISCONNECTED' })}
    ${opens('disconnect', 'Disconnect', { values, subject, enabled: DISCONNECTABLE.includes(state) })}
    ${opens(`edit-${kind}`, 'Edit', { values, subject })}
    ${opens('delete', 'Delete', { values, subject, enabled: isDeletable })}
    ${opens(`create-${kind}-key`, 'Create key', { values, subject, enabled: state === 'CONNECTED' })}
  </p>`;
}

/** Renders the connection state. For FAILED, a tip with error code, cause and cure appears on hover and on keyboard focus. */
function connectionState({
  customKeyStoreId,
  connectionState: state,
  connectionErrorCode: code,
}: CustomKeyStore): Html {
  if (state !== 'FAILED' || code === undefined) return outcome(LEVELS[state], state);
  const { cause, cure } = CONNECTION_ERRORS[code];
  const id = `why-${customKeyStoreId}`;
  return html`<span class="hint"
    ><button type="button" class="outcome fail" aria-describedby="${id}">FAILED</button>
    <span class="tip card" role="tooltip" id="${id}"
      ><b>${code}</b> ${cause} ${cure} Disconnect the key store first, and connect it afterwards.</span
    ></span
  >`;
}

function particulars({ kms }: ConsoleFacts, store: CustomKeyStore): Html {
  if (store.customKeyStoreType === 'AWS_CLOUDHSM') {
    const { cloudHsmClusterId } = store;
    const cluster = kms.state.clusters.find(cloudHsmClusterId);
    const zones = [...zonesWithHsm(kms.state, cloudHsmClusterId)].join(', ');
    return html`<dt>Cluster</dt>
      <dd><code>${cloudHsmClusterId}</code> ${cluster?.state ?? 'unknown'}</dd>
      <dt>Active HSMs in</dt>
      <dd>${zones === '' ? 'no Availability Zone' : zones}</dd>`;
  }
  const { uriEndpoint, uriPath, connectivity, accessKeyId, vpcEndpointServiceName: service } = store.proxy;
  return html`<dt>Proxy</dt>
    <dd><code>${uriEndpoint}${uriPath}</code></dd>
    <dt>Connectivity</dt>
    <dd>${connectivity} ${service === undefined ? '' : html`<code>${service}</code>`}</dd>
    <dt>Access key id</dt>
    <dd><code>${accessKeyId}</code></dd>`;
}
