// Opens the dialogs of a page, and sends their forms: each calls an operation, whose error or answer it shows.

import { keeper } from './live.js';

const CALL_PATH = document.body.dataset['calls'] ?? '';

/**
 * The dialog that was opened last, and what to do when it is closed.
 * @type {{ readonly dialog: HTMLDialogElement, readonly atEnd: (() => void)[] } | undefined}
 */
let opened;

// The browser reports the close when it draws the page, and by then the same dialog or another one may be open.
document.addEventListener(
  'close',
  ({ target }) => {
    if (target === opened?.dialog && !opened.dialog.open) finish();
  },
  true,
);

function finish() {
  const { atEnd = [] } = opened ?? {};
  opened = undefined;
  for (const act of atEnd) act();
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : null;
  if (button?.dataset['dialog'] !== undefined) open(button);
  if (button?.dataset['close'] !== undefined) button.closest('dialog')?.close();
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  void send(form);
});

// A file that is dropped on the page anywhere else would be opened.
for (const name of ['dragover', 'drop']) {
  document.addEventListener(name, (event) => {
    const isField = event.target instanceof HTMLInputElement && event.target.type === 'file';
    if (!isField) event.preventDefault();
  });
}

/** @param {HTMLButtonElement} button */
function open(button) {
  const dialog = document.getElementById(button.dataset['dialog'] ?? '');
  if (!(dialog instanceof HTMLDialogElement)) return;
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector('form'));
  form.reset();
  form.ariaBusy = 'false';
  say(form, '', false);
  const values = objectOf(button.dataset['values'] ?? '{}');
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = String(value);
  }
  const subject = dialog.querySelector('[data-subject]');
  if (subject) subject.textContent = button.dataset['subject'] ?? '';
  // The close of the previous dialog may not have been reported yet.
  finish();
  // An update may take the button away while the dialog is open.
  opened = { dialog, atEnd: [keeper(button)] };
  dialog.showModal();
}

/** @param {HTMLFormElement} form */
async function send(form) {
  if (form.ariaBusy === 'true') return;
  // Not by disabling the button, which would lose the focus.
  form.ariaBusy = 'true';
  // An answer that comes after the dialog was closed is of no subject that it shows later.
  const closed = new AbortController();
  opened?.atEnd.push(() => {
    closed.abort();
  });
  say(form, 'Waiting for the answer', false);
  try {
    const body = JSON.stringify(await inputOf(form));
    const headers = { 'Content-Type': 'application/json' };
    const path = `${CALL_PATH}/${form.dataset['operation'] ?? ''}`;
    const answer = await fetch(path, { method: 'POST', headers, body });
    const text = await answer.text();
    if (closed.signal.aborted) return;
    if (answer.ok) done(form, text);
    else say(form, errorOf(text), true);
  } catch (error) {
    if (!closed.signal.aborted) say(form, error instanceof Error ? error.message : String(error), true);
  } finally {
    if (!closed.signal.aborted) form.ariaBusy = 'false';
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function done(form, text) {
  const shown = form.dataset['shows'];
  if (shown === undefined) {
    form.closest('dialog')?.close();
    return;
  }
  const value = String(objectOf(text)[shown]);
  say(form, shown === 'Plaintext' ? textOf(value) : value, false);
}

/** @param {string} text */
function errorOf(text) {
  try {
    const { __type: name, message = '' } = objectOf(text);
    return `${String(name)}: ${String(message)}`;
  } catch {
    return text;
  }
}

/**
 * The input of the operation: a member for each field that is filled.
 * @param {HTMLFormElement} form
 */
async function inputOf(form) {
  /** @type {Record<string, unknown>} */
  const input = {};
  for (const field of form.querySelectorAll('input, select, textarea')) {
    if (
      !(field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)
    )
      continue;
    const value = await valueOf(field);
    if (field.name === '' || value === undefined) continue;
    input[field.name] = value;
  }
  return input;
}

/** @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} field */
async function valueOf(field) {
  const { as } = field.dataset;
  if (field instanceof HTMLInputElement && field.type === 'file') {
    const text = await field.files?.[0]?.text();
    return text === undefined ? undefined : as === 'credential' ? credentialOf(text) : text;
  }
  if (field.value === '') return undefined;
  if (as === 'number') return Number(field.value);
  return as === 'base64' ? base64Of(field.value) : field.value;
}

/**
 * What `xks-proxy credential create`, and AWS's guide, write: the members alone, or below their name.
 * @param {string} text
 */
function credentialOf(text) {
  const value = objectOf(text);
  return value['XksProxyAuthenticationCredential'] ?? value;
}

/**
 * @param {string} json
 * @returns {Record<string, unknown>}
 */
function objectOf(json) {
  /** @type {unknown} */
  const value = JSON.parse(json);
  return /** @type {Record<string, unknown>} */ (value);
}

/** @param {string} text */
function base64Of(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

/** @param {string} base64 */
function textOf(base64) {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 * @param {boolean} isError
 */
function say(form, text, isError) {
  const said = /** @type {HTMLElement} */ (form.querySelector('[data-said]'));
  said.textContent = text;
  said.className = isError ? 'said fail' : 'said';
}
