import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { issueServerCertificate } from '../../certs/issueCertificate.ts';
import { writeKeyPair } from '../../certs/generate.ts';
import { axeFindings, describeInBrowser, openPage } from '../support/browser.ts';
import { testCertificates } from '../support/certificates.ts';
import { encryptBody, keyPath, paths } from '../support/messages.ts';
import { newFiles, startProxy } from '../support/reconfigurableProxy.ts';
import { listenLocally } from '../support/listenLocally.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';
const WIDE = { viewport: { width: 1100, height: 900 } };
const NARROW = { viewport: { width: 400, height: 800 } };

/** A proxy with a hostile name in its certificate. */
async function start() {
  const files = newFiles();
  const pair = issueServerCertificate(testCertificates.ca, { commonName: ['localhost', HOSTILE] });
  const tls = writeKeyPair(files.folder, 'hostile', pair);
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, drainSeconds: 2, tls },
    monitoring: { port: 0 },
  });
  const proxy = await startProxy(files);
  const { port } = await proxy.logged({ msg: 'monitoring listens' });
  return { proxy, files, url: `http://localhost:${port as number}/status` };
}

describeInBrowser('the status page', () => {
  it('updates itself, fits the window and passes axe in good and bad states, and a hostile name has no effect', async () => {
    const { proxy, files, url } = await start();
    const looks = [
      { ...WIDE, colorScheme: 'light', background: 'rgb(246, 247, 249)' },
      { ...NARROW, colorScheme: 'dark', background: 'rgb(20, 23, 28)' },
    ] as const;
    const opened = await Promise.all(looks.map((look) => openPage(url, look)));
    const pages = opened.map(({ page }) => page);
    const [page] = pages as [(typeof pages)[number]];
    const text = async () => (await page.innerText('main')).replaceAll(/\s+/g, ' ');
    const check = async () => {
      for (const [index, { viewport, background }] of looks.entries()) {
        const shown = pages[index] ?? page;
        expect(await axeFindings(shown)).toEqual([]);
        expect(await shown.evaluate<string>('getComputedStyle(document.body).backgroundColor')).toBe(background);
        expect(await shown.evaluate<number>('document.documentElement.scrollWidth')).toBe(viewport.width);
      }
    };
    await expect.poll(text).toContain('softhsm ACTIVE');
    // In a subject, angle brackets are escaped with a backslash.
    expect(await text()).toContain('img src=x onerror=alert(1)');
    for (const shown of pages) await expect.poll(() => shown.innerText('#live')).toBe('Live');
    await check();
    await page.focus('a[href="/metrics"]');
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))");
    await proxy.proveService();
    await proxy.post(keyPath('blocked', 'encrypt'), encryptBody);
    await expect.poll(text).toContain('1 InvalidStateException');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('/metrics');
    expect(await page.evaluate<string>('getSelection().toString()')).toBe(await page.innerText('h1'));

    const back = files.softHsm.moveTokensAway();
    for (let time = 0; time < 6; time += 1) await proxy.post(paths.encrypt, encryptBody);
    for (const shown of pages) await expect.poll(() => shown.innerText('h2')).toBe('Not ready');
    expect(await page.title()).toMatch(/^NOT READY: /);
    expect(await text()).toContain('softhsm is UNAVAILABLE');
    await check();
    back();
    await expect.poll(() => page.title()).toMatch(/^Critical: /);
    expect(await page.innerText('h2')).toBe('Requests fail with errors that make KMS retry');
    expect(await page.locator('img').count()).toBe(0);
    expect(opened.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  it('says that it is old while the proxy hangs, and continues by itself afterwards', async () => {
    const { proxy, url } = await start();
    const { page } = await openPage(url, WIDE);
    const live = () => page.innerText('#live');
    await expect.poll(live).toBe('Live');
    proxy.signal('SIGSTOP');
    await expect.poll(live).toMatch(/^No news since .*: the figures below are of that time$/);
    expect(await page.getAttribute('body', 'class')).toBe('stale');
    proxy.signal('SIGCONT');
    await expect.poll(live).toBe('Live');
    proxy.signal('SIGKILL');
    await expect.poll(live).toMatch(/^No news since /);
  });

  it('waits if 8 pages are open, and continues when another page is closed', async () => {
    const { url } = await start();
    const controller = new AbortController();
    onTestFinished(() => {
      controller.abort();
    });
    const { signal } = controller;
    // Keeps the responses, because a response without references is closed.
    const streams = [];
    for (let count = 0; count < 8; count += 1) streams.push(await fetch(`${url}/events`, { signal }));
    const { page } = await openPage(url, WIDE);
    await expect.poll(() => page.innerText('#live')).toMatch(/^No news since .* Too many of these pages are open/);
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    controller.abort();
    await expect.poll(() => page.innerText('#live')).toBe('Live');
  });

  it('is unreadable for a page of another origin, also in a frame', async () => {
    const { url } = await start();
    const server = await listenLocally(
      createServer((_req, res) => {
        res.setHeader('Content-Type', 'text/html').end('<h1>elsewhere</h1>');
      }),
    );
    onTestFinished(server.close);
    const { page } = await openPage(`http://127.0.0.1:${server.port}/`);
    const ask = (address: string) =>
      page.evaluate<string>(`fetch('${address}').then((answer) => answer.text()).catch(() => 'refused')`);
    expect(await ask(url)).toBe('refused');
    const events = await page.evaluate<string>(
      `new Promise((resolve) => {
        const source = new EventSource('${url}/events');
        source.onmessage = () => resolve('read');
        source.onerror = () => resolve('refused');
      })`,
    );
    expect(events).toBe('refused');
    const framed = await page.evaluate<number>(
      `new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.src = '${url}';
        frame.onload = () => resolve(frame.contentDocument === null ? 0 : 1);
        document.body.append(frame);
      })`,
    );
    expect(framed).toBe(0);
  });
});
