// Keeps a page up to date: each event of the stream that <body data-events> names has the page's <main> anew.

const SILENCE_MS = 10_000;
const RETRY_MS = 5_000;

const line = /** @type {HTMLElement} */ (document.getElementById('live'));
let lastAt = Date.now();
connect();
// A server that hangs does not close its connections.
setInterval(() => {
  if (Date.now() - lastAt > SILENCE_MS) say(false);
}, 1_000);

function connect() {
  const events = new EventSource(document.body.dataset['events'] ?? '');
  events.onmessage = ({ data }) => {
    lastAt = Date.now();
    show(String(data));
    say(true);
  };
  events.onerror = () => {
    say(false);
    // The browser tries again by itself, unless the server has refused the stream.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

/** @param {boolean} isLive */
function say(isLive) {
  document.body.classList.toggle('stale', !isLive);
  const time = new Date(lastAt).toLocaleTimeString();
  const text = isLive ? 'Live' : `No news since ${time}: the figures below are of that time`;
  // What has not changed is not read out again.
  if (line.textContent !== text) line.textContent = text;
}

/** @param {string} html */
function show(html) {
  // A parsed document runs no script.
  const main = new DOMParser().parseFromString(html, 'text/html').querySelector('main');
  if (!main) return;
  document.title = main.dataset['title'] ?? document.title;
  update(/** @type {HTMLElement} */ (document.querySelector('main')), main);
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
    const others = [...other.childNodes];
    for (const extra of [...node.childNodes].slice(others.length)) extra.remove();
    for (const [index, child] of others.entries()) {
      const mine = node.childNodes[index];
      if (mine) update(mine, child);
      else node.append(child.cloneNode(true));
    }
  } else if (node.nodeValue !== other.nodeValue) {
    node.nodeValue = other.nodeValue;
  }
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

export {};
