// Keeps a page up to date: each event of the stream that <body data-events> names has the page's <main> anew.

const SILENCE_MS = 10_000;
const RETRY_MS = 5_000;
// A browser has 6 connections to a server, so a tab in the background keeps none open.
const HIDDEN_MS = 15_000;

const line = /** @type {HTMLElement} */ (document.getElementById('live'));
let lastAt = Date.now();
/** @type {EventSource | undefined} */
let events;
let next = 0;
// Why the server has refused the stream.
let refusal = '';
connect();
// A server that hangs does not close its connections.
setInterval(() => {
  if (!document.hidden && Date.now() - lastAt > SILENCE_MS) say(false);
}, 1_000);

document.addEventListener('visibilitychange', () => {
  if (document.hidden) connectIn(HIDDEN_MS);
  else connect();
});

function connect() {
  connectIn(undefined);
  const stream = new EventSource(document.body.dataset['events'] ?? '');
  events = stream;
  stream.onmessage = ({ data }) => {
    lastAt = Date.now();
    refusal = '';
    show(String(data));
    say(true);
    if (document.hidden) connectIn(HIDDEN_MS);
  };
  stream.onerror = () => {
    say(false);
    // The browser tries again by itself, unless the server has refused the stream.
    if (stream.readyState === EventSource.CLOSED) {
      connectIn(RETRY_MS);
      void askWhy();
    }
  };
}

/** Asks why the server refused the stream, because the browser hides that. */
async function askWhy() {
  const answer = await fetch(document.body.dataset['events'] ?? '', { method: 'HEAD' }).catch(() => undefined);
  if (answer?.status === 503) refusal = '. Too many of these pages are open: close others, or wait for a turn';
  else refusal = answer === undefined || answer.ok ? '' : `. The server refuses updates (HTTP ${answer.status})`;
}

/**
 * Closes the stream, and opens another one later.
 * @param {number | undefined} milliseconds
 */
function connectIn(milliseconds) {
  events?.close();
  clearTimeout(next);
  if (milliseconds !== undefined) next = setTimeout(connect, milliseconds);
}

// Escape hides the tip of what has the focus or the pointer, until either moves on.
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') document.body.classList.add('without-tips');
});
for (const name of ['focusin', 'pointerover']) {
  document.addEventListener(name, () => {
    document.body.classList.remove('without-tips');
  });
}

/** @param {boolean} isLive */
function say(isLive) {
  document.body.classList.toggle('stale', !isLive);
  const time = new Date(lastAt).toISOString().slice(11, 19);
  const text = isLive ? 'Live' : `No news since ${time} UTC: the figures below are of that time${refusal}`;
  // What has not changed is not read out again.
  if (line.textContent !== text) line.textContent = text;
}

/** @param {string} html */
function show(html) {
  // A parsed document runs no script.
  const main = new DOMParser().parseFromString(html, 'text/html').querySelector('main');
  if (!main) return;
  document.title = main.dataset['title'] ?? document.title;
  const keepFocus = keeper(document.activeElement);
  update(/** @type {HTMLElement} */ (document.querySelector('main')), main);
  keepFocus();
}

/**
 * Returns a function that focuses an element or, if it is gone or disabled by then, the next action of its subject or section.
 * @param {Element | null} element
 */
export function keeper(element) {
  const places = ['[data-key]', 'section', 'main'].map((selector) => element?.closest(selector));
  return () => {
    const isUsable = element?.isConnected === true && !element.matches(':disabled');
    const heirs = places.map((place) =>
      place?.isConnected ? place.querySelector('button[data-dialog]:enabled') : null,
    );
    const heir = isUsable ? element : heirs.find((found) => found !== null);
    if (heir instanceof HTMLElement) heir.focus({ preventScroll: true });
  };
}

/**
 * Changes a node only where another differs, so that the focus, a selection and open details stay.
 * @param {ChildNode} node
 * @param {ChildNode} other
 */
function update(node, other) {
  if (node.nodeName !== other.nodeName) {
    node.replaceWith(other.cloneNode(true));
  } else if (node instanceof Element && other instanceof Element) {
    updateAttributes(node, other);
    updateChildren(node, other);
  } else if (node.nodeValue !== other.nodeValue) {
    node.nodeValue = other.nodeValue;
  }
}

/**
 * Children with a key stay with their subject, wherever it is now: an action that has the focus must not become that of another subject.
 * @param {Element} node
 * @param {Element} other
 */
function updateChildren(node, other) {
  const wanted = new Set(Array.from(other.childNodes, keyOf));
  for (const child of [...node.childNodes]) if (!wanted.has(keyOf(child))) child.remove();
  const kept = new Map(Array.from(node.childNodes, (child) => [keyOf(child), child]));
  let place = node.firstChild;
  for (const child of other.childNodes) {
    const key = keyOf(child);
    const mine = key !== undefined ? kept.get(key) : place && keyOf(place) === undefined ? place : undefined;
    if (mine && mine === place) place = place.nextSibling;
    else node.insertBefore(mine ?? child.cloneNode(true), place);
    if (mine) update(mine, child);
  }
  while (place) {
    const extra = place;
    place = place.nextSibling;
    extra.remove();
  }
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset['key'] : undefined;
}

/**
 * @param {Element} element
 * @param {Element} other
 */
function updateAttributes(element, other) {
  for (const name of element.getAttributeNames()) {
    // The reader opens and closes details.
    if (!other.hasAttribute(name) && name !== 'open') element.removeAttribute(name);
  }
  for (const name of other.getAttributeNames()) {
    const value = other.getAttribute(name) ?? '';
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}
