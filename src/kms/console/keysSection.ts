import { formatNumber } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { outcome, table, type Level } from '../../pages/parts.ts';
import { keyStateOf } from '../operations/keys/keyState.ts';
import type { KmsKey } from '../state/records.ts';
import { opens } from './dialogs.ts';
import type { ConsoleFacts } from './consoleFacts.ts';

// More would make the page megabytes, and it is drawn each second.
const MOST_KEYS = 200;
const MOST_CHARACTERS = 300;

const LEVELS: Readonly<Record<ReturnType<typeof keyStateOf>, Level>> = {
  Enabled: 'pass',
  Disabled: 'warn',
  PendingDeletion: 'warn',
  Unavailable: 'fail',
};

export function keysSection(facts: ConsoleFacts): Html {
  const { state } = facts.kms;
  const ids = state.keys.ids();
  const keys = ids.slice(0, MOST_KEYS).flatMap((id) => state.keys.find(id) ?? []);
  return html`<section>
    <h2>Keys</h2>
    ${keys.length === 0 ? html`<p class="muted">None yet</p>` : keyTable(facts, keys)}
    ${facts.canAct ? html`<p class="actions">${opens('decrypt', 'Decrypt')}</p>` : ''}
    ${ids.length > MOST_KEYS ? html`<p class="muted">and ${formatNumber(ids.length - MOST_KEYS)} more</p>` : ''}
  </section>`;
}

function keyTable(facts: ConsoleFacts, keys: readonly KmsKey[]): Html {
  return table({
    caption: 'KMS keys',
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

/** As many of the texts as there is room for, and the first in any case. */
function joined([first = '', ...others]: readonly string[]): string {
  let text = first;
  for (const [index, other] of others.entries()) {
    if (text.length + other.length > MOST_CHARACTERS) return `${text} and ${formatNumber(others.length - index)} more`;
    text += `, ${other}`;
  }
  return text;
}

/** Each is enabled when AWS's console enables it. */
function actions({ keyId, state }: KmsKey, keyState: ReturnType<typeof keyStateOf>): Html {
  const of = { values: { KeyId: keyId }, subject: keyId };
  if (state === 'PendingDeletion') return opens('cancel-deletion', 'Cancel deletion', of);
  return html`<span class="actions">
    ${state === 'Enabled' ? opens('disable-key', 'Disable', of) : opens('enable-key', 'Enable', of)}
    ${opens('encrypt', 'Encrypt', { ...of, enabled: keyState === 'Enabled' })}
    ${opens('schedule-deletion', 'Schedule deletion', of)}
  </span>`;
}

/** The custom key store of a key, and its id there. */
function placeOf({ kms }: ConsoleFacts, key: KmsKey): Html | string {
  if (key.origin === 'AWS_KMS') return 'KMS';
  const { customKeyStoreId } = key;
  const name = kms.state.customKeyStores.find(customKeyStoreId)?.customKeyStoreName ?? customKeyStoreId;
  return html`${name} <code>${key.origin === 'AWS_CLOUDHSM' ? key.backingKeyId : key.xksKeyId}</code>`;
}
