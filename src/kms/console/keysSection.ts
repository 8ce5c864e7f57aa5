import { formatNumber } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { joined, outcome, table, type Level } from '../../pages/parts.ts';
import { keyStateOf } from '../operations/keys/keyState.ts';
import type { KmsKey } from '../state/records.ts';
import { opens } from './dialogs.ts';
import type { ConsoleFacts } from './consoleFacts.ts';

// With more keys the page would have megabytes, and it is drawn every second.
const MOST_KEYS = 200;

const LEVELS: Readonly<Record<ReturnType<typeof keyStateOf>, Level>> = {
  Enabled: 'pass',
  Disabled: 'warn',
  PendingDeletion: 'warn',
  Unavailable: 'fail',
};

export function keysSection(facts: ConsoleFacts): Html {
  const { state } = facts.kms;
  const keys = state.keys.newest(MOST_KEYS);
  const others = state.keys.countAll() - keys.length;
  return html`<section>
    <h2>Keys</h2>
    ${keys.length === 0 ? html`<p class="muted">None yet</p>` : keyTable(facts, keys)}
    ${facts.canAct ? html`<p class="actions">${opens('decrypt', 'Decrypt')}</p>` : ''}
    ${others > 0 ? html`<p class="muted">and ${formatNumber(others)} older keys</p>` : ''}
  </section>`;
}

function keyTable(facts: ConsoleFacts, keys: readonly KmsKey[]): Html {
  return table({
    caption: 'KMS keys',
    keys: keys.map(({ keyId }) => keyId),
    columns: ['Key', 'State', 'Aliases', 'Origin', 'In', 'Tags', ...(facts.canAct ? ['Actions'] : [])],
    rows: keys.map((key) => {
      const keyState = keyStateOf(facts.kms, key);
      return [
        html`<code>${key.keyId}</code>`,
        outcome(LEVELS[keyState], keyState),
        joined(facts.kms.state.aliases.namesOf(key.keyId)),
        key.origin,
        placeOf(facts, key),
        joined(key.tags.map((tag) => `${tag.key}=${tag.value}`)),
        ...(facts.canAct ? [actions(key, keyState)] : []),
      ];
    }),
  });
}

/** Renders the buttons of a key. Each is enabled when AWS's console enables it. */
function actions({ keyId, state }: KmsKey, keyState: ReturnType<typeof keyStateOf>): Html {
  const of = { values: { KeyId: keyId }, subject: keyId };
  if (state === 'PendingDeletion') return opens('cancel-deletion', 'Cancel deletion', of);
  return html`<span class="actions">
    ${state === 'Enabled' ? opens('disable-key', 'Disable', of) : opens('enable-key', 'Enable', of)}
    ${opens('encrypt', 'Encrypt', { ...of, enabled: keyState === 'Enabled' })}
    ${opens('schedule-deletion', 'Schedule deletion', of)}
  </span>`;
}

/** Renders the custom key store of a key, and the key's id there. */
function placeOf({ kms }: ConsoleFacts, key: KmsKey): Html | string {
  if (key.origin === 'AWS_KMS') return 'KMS';
  const { customKeyStoreId } = key;
  const name = kms.state.customKeyStores.find(customKeyStoreId)?.customKeyStoreName ?? customKeyStoreId;
  return html`<bdi>${name}</bdi> <code>${key.origin === 'AWS_CLOUDHSM' ? key.backingKeyId : key.xksKeyId}</code>`;
}
