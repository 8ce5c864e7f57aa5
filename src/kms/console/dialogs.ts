import { html, type Html } from '../../pages/html.ts';

interface Field {
  /** Name of the input member. */
  readonly name: string;
  /** If left out, the field is hidden, and the button that opens the dialog fills it. */
  readonly label?: string;
  readonly hint?: string;
  readonly kind?: 'text' | 'password' | 'number' | 'file' | 'textarea';
  /** How the text of the field is converted to the member. */
  readonly as?: 'number' | 'base64' | 'credential';
  readonly options?: readonly string[];
  readonly required?: boolean;
}

interface Dialog {
  readonly id: string;
  readonly title: string;
  readonly operation: string;
  readonly fields: readonly Field[];
  readonly submit: string;
  readonly text?: string;
  /** The member of the answer to show. If left out, the dialog closes. */
  readonly shows?: string;
}

const STORE: Field = { name: 'CustomKeyStoreId' };
const KEY: Field = { name: 'KeyId' };
const CREDENTIAL: Field = {
  name: 'XksProxyAuthenticationCredential',
  label: 'Credential file',
  hint: 'the JSON file from xks-proxy credential create; you can drop it here',
  kind: 'file',
  as: 'credential',
};
const NAME = { label: 'Name', required: true };
const PROXY: readonly Field[] = [
  { name: 'XksProxyUriEndpoint', label: 'Proxy URI endpoint', hint: 'https:// and a name' },
  { name: 'XksProxyUriPath', label: 'Proxy URI path', hint: 'ends with /kms/xks/v1' },
  CREDENTIAL,
  {
    name: 'XksProxyVpcEndpointServiceName',
    label: 'VPC endpoint service name',
    hint: 'only with VPC_ENDPOINT_SERVICE',
  },
  {
    name: 'XksProxyVpcEndpointServiceOwner',
    label: 'VPC endpoint service owner',
    hint: 'only with VPC_ENDPOINT_SERVICE',
  },
];
const CONNECTIVITY = ['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE'];

/** All actions of the console, which follow the steps of AWS's guide. */
const DIALOGS: readonly Dialog[] = [
  {
    id: 'create-external',
    title: 'Create external key store',
    operation: 'CreateCustomKeyStore',
    fields: [
      { name: 'CustomKeyStoreName', ...NAME },
      { name: 'CustomKeyStoreType', label: 'Type', options: ['EXTERNAL_KEY_STORE'] },
      { name: 'XksProxyConnectivity', label: 'Connectivity', options: CONNECTIVITY },
      ...PROXY,
    ],
    submit: 'Create external key store',
  },
  {
    id: 'create-cloudhsm',
    title: 'Create AWS CloudHSM key store',
    operation: 'CreateCustomKeyStore',
    fields: [
      { name: 'CustomKeyStoreName', ...NAME },
      { name: 'CustomKeyStoreType', label: 'Type', options: ['AWS_CLOUDHSM'] },
      { name: 'CloudHsmClusterId', label: 'Cluster id' },
      { name: 'TrustAnchorCertificate', label: 'Trust anchor certificate', hint: 'customerCA.crt', kind: 'file' },
      { name: 'KeyStorePassword', label: 'Password of kmsuser', kind: 'password' },
    ],
    submit: 'Create AWS CloudHSM key store',
  },
  {
    id: 'edit-external',
    title: 'Edit',
    operation: 'UpdateCustomKeyStore',
    fields: [
      STORE,
      { name: 'NewCustomKeyStoreName', label: 'New name' },
      { name: 'XksProxyConnectivity', label: 'Connectivity', options: ['', ...CONNECTIVITY] },
      ...PROXY,
    ],
    text: 'Empty fields are not changed.',
    submit: 'Save changes',
  },
  {
    id: 'edit-cloudhsm',
    title: 'Edit',
    operation: 'UpdateCustomKeyStore',
    fields: [
      STORE,
      { name: 'NewCustomKeyStoreName', label: 'New name' },
      { name: 'CloudHsmClusterId', label: 'Cluster id', hint: 'of a cluster that shares a backup history' },
      { name: 'KeyStorePassword', label: 'Current password of kmsuser', kind: 'password' },
    ],
    text: 'Empty fields are not changed.',
    submit: 'Save changes',
  },
  { id: 'connect', title: 'Connect', operation: 'ConnectCustomKeyStore', fields: [STORE], submit: 'Connect' },
  {
    id: 'disconnect',
    title: 'Disconnect',
    operation: 'DisconnectCustomKeyStore',
    fields: [STORE],
    text: 'Its keys cannot be used until it is connected again.',
    submit: 'Disconnect',
  },
  { id: 'delete', title: 'Delete', operation: 'DeleteCustomKeyStore', fields: [STORE], submit: 'Delete' },
  {
    id: 'create-external-key',
    title: 'Create key in',
    operation: 'CreateKey',
    fields: [
      STORE,
      { name: 'Origin', label: 'Origin', options: ['EXTERNAL_KEY_STORE'] },
      { name: 'XksKeyId', label: 'External key id', required: true },
      { name: 'Description', label: 'Description' },
    ],
    submit: 'Create key',
  },
  {
    id: 'create-cloudhsm-key',
    title: 'Create key in',
    operation: 'CreateKey',
    fields: [
      STORE,
      { name: 'Origin', label: 'Origin', options: ['AWS_CLOUDHSM'] },
      { name: 'Description', label: 'Description' },
    ],
    submit: 'Create key',
  },
  { id: 'enable-key', title: 'Enable', operation: 'EnableKey', fields: [KEY], submit: 'Enable' },
  { id: 'disable-key', title: 'Disable', operation: 'DisableKey', fields: [KEY], submit: 'Disable' },
  {
    id: 'schedule-deletion',
    title: 'Schedule deletion of',
    operation: 'ScheduleKeyDeletion',
    fields: [
      KEY,
      {
        name: 'PendingWindowInDays',
        label: 'Waiting period in days',
        hint: '7 to 30',
        kind: 'number',
        as: 'number',
        required: true,
      },
    ],
    submit: 'Schedule deletion',
  },
  {
    id: 'cancel-deletion',
    title: 'Cancel deletion of',
    operation: 'CancelKeyDeletion',
    fields: [KEY],
    submit: 'Cancel deletion',
  },
  {
    id: 'encrypt',
    title: 'Encrypt with',
    operation: 'Encrypt',
    fields: [KEY, { name: 'Plaintext', label: 'Text', kind: 'textarea', as: 'base64', required: true }],
    submit: 'Encrypt',
    shows: 'CiphertextBlob',
  },
  {
    id: 'decrypt',
    title: 'Decrypt',
    operation: 'Decrypt',
    fields: [{ name: 'CiphertextBlob', label: 'Ciphertext, in Base64', kind: 'textarea', required: true }],
    submit: 'Decrypt',
    shows: 'Plaintext',
  },
];

export function dialogs(): Html {
  return html`${DIALOGS.map(dialog)}`;
}

/** Renders a button that opens a dialog for a subject and fills in the subject's id. */
export function opens(
  id: string,
  label: string,
  {
    values = {},
    subject = '',
    enabled = true,
  }: {
    readonly values?: Readonly<Record<string, string>>;
    readonly subject?: string;
    readonly enabled?: boolean;
  } = {},
): Html {
  const data = html`data-dialog="${id}" data-values="${JSON.stringify(values)}" data-subject="${subject}"`;
  const name = subject === '' ? label : `${label}: ${subject}`;
  return enabled
    ? html`<button type="button" aria-label="${name}" ${data}>${label}</button> `
    : html`<button type="button" aria-label="${name}" disabled>${label}</button> `;
}

function dialog({ id, title, operation, fields, submit, text = '', shows }: Dialog): Html {
  const heading = `${id}-heading`;
  return html`<dialog id="${id}" class="card pad" aria-labelledby="${heading}">
    <form data-operation="${operation}" ${shows === undefined ? '' : html`data-shows="${shows}"`}>
      <h2 id="${heading}">${title} <bdi data-subject></bdi></h2>
      <p class="muted">${text}</p>
      ${fields.map((one) => field(id, one))}
      <p class="said" role="status" data-said></p>
      <p><button type="submit">${submit}</button> <button type="button" data-close>Close</button></p>
    </form>
  </dialog>`;
}

function field(
  dialogId: string,
  { name, label, hint = '', kind = 'text', as, options, required = false }: Field,
): Html {
  if (label === undefined) return html`<input type="hidden" name="${name}" />`;
  const id = `${dialogId}-${name}`;
  const attributes = html`id="${id}" name="${name}" ${as === undefined ? '' : html`data-as="${as}"`}
  ${required ? html`required` : ''}`;
  return html`<p class="field">
    <label for="${id}">${label} <span class="muted">${hint}</span></label>
    ${
      options
        ? html`<select ${attributes}>
            ${options.map((option) => html`<option>${option}</option>`)}
          </select>`
        : kind === 'textarea'
          ? html`<textarea rows="3" spellcheck="false" ${attributes}></textarea>`
          : html`<input type="${kind}" autocomplete="off" spellcheck="false" ${attributes} />`
    }
  </p>`;
}
