import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { axeFindings, describeInBrowser, openPage } from '../support/browser.ts';
import { ReadyCluster } from '../support/cloudHsmKeyStore.ts';
import { KmsCaller, keyStoreInput, optionsFor } from '../support/kmsCaller.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';
const WIDE = { viewport: { width: 1100, height: 1000 } };
const NARROW = { viewport: { width: 400, height: 800 } };

const ACTS = ['--console-caller', 'CONSOLE'];

async function start(options: readonly string[] = ACTS) {
  const kms = await RunningLocalKms.startProcess(options);
  return { kms, url: `${kms.endpoint.replace('127.0.0.1', 'localhost')}/console` };
}

async function startWithProxy() {
  const files = new ProxyFiles();
  const proxy = await RunningProxy.start(files);
  onTestFinished(() => proxy.dispose());
  return { files, proxy, ...(await start([...optionsFor(proxy), ...ACTS])) };
}

type OpenedPage = Awaited<ReturnType<typeof openPage>>['page'];

const textOf = async (page: OpenedPage) => (await page.innerText('main')).replaceAll(/\s+/g, ' ');
const dialogText = (page: OpenedPage) => page.innerText('dialog[open] [data-said]');

/** Opens a dialog by its button, fills it in, and submits it. */
async function act(page: OpenedPage, button: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
  await page.locator(`main button:text-is("${button}")`).first().click();
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`dialog[open] [name="${name}"]`);
    if ((await field.getAttribute('type')) === 'file') await field.setInputFiles(value);
    else if ((await field.evaluate('(element) => element.tagName')) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
  await page.locator('dialog[open] [type=submit]').click();
}

const closes = (page: OpenedPage) => expect.poll(() => page.locator('dialog[open]').count()).toBe(0);

describeInBrowser('the console', () => {
  it('an external key store can be created, used and deleted by clicking', async () => {
    const { files, proxy, kms, url } = await startWithProxy();
    const { page, complaints } = await openPage(url, WIDE);
    const input = keyStoreInput(files.credentials[0]);
    const credential = input.XksProxyAuthenticationCredential;
    const credentialFile = join(kms.folder, 'credential.json');
    writeFileSync(credentialFile, JSON.stringify({ XksProxyAuthenticationCredential: credential }));
    const fields = {
      CustomKeyStoreName: HOSTILE,
      XksProxyUriEndpoint: input.XksProxyUriEndpoint,
      XksProxyUriPath: '/wrong/kms/xks/v1',
      XksProxyAuthenticationCredential: credentialFile,
    };
    await act(page, 'Create external key store', fields);
    // The API's own error, with the failure that caused it.
    await expect.poll(() => dialogText(page)).toContain('XksProxyInvalidConfigurationException: ');
    await page.locator('dialog[open] [name=XksProxyUriPath]').fill(input.XksProxyUriPath);
    await page.locator('dialog[open] [type=submit]').click();
    await closes(page);
    await expect.poll(() => textOf(page)).toContain(`${HOSTILE} DISCONNECTED`);
    expect(await page.locator('img').count()).toBe(0);
    const isEnabled = (button: string) => page.locator(`main button:text-is("${button}")`).first().isEnabled();
    expect([await isEnabled('Connect'), await isEnabled('Disconnect'), await isEnabled('Create key')]).toEqual([
      true,
      false,
      false,
    ]);

    await act(page, 'Connect');
    await closes(page);
    await expect.poll(() => textOf(page)).toContain(`${HOSTILE} CONNECTED`);
    expect([await isEnabled('Connect'), await isEnabled('Disconnect'), await isEnabled('Delete')]).toEqual([
      false,
      true,
      false,
    ]);
    await act(page, 'Create key', { XksKeyId: 'none' });
    await expect.poll(() => dialogText(page)).toContain('XksKeyNotFoundException: ');
    await page.locator('dialog[open] [name=XksKeyId]').fill('foo');
    await page.locator('dialog[open] [type=submit]').click();
    await closes(page);
    await expect.poll(() => textOf(page)).toContain('Enabled');

    await act(page, 'Encrypt', { Plaintext: 'Grüße ✓' });
    await expect.poll(() => dialogText(page)).toMatch(/^[A-Za-z0-9+/=]{100,}$/);
    const ciphertext = await dialogText(page);
    await page.locator('dialog[open] [data-close]').click();
    await act(page, 'Decrypt', { CiphertextBlob: ciphertext });
    await expect.poll(() => dialogText(page)).toBe('Grüße ✓');
    await page.locator('dialog[open] [data-close]').click();
    await act(page, 'Disable');
    await expect.poll(() => textOf(page)).toContain('Disabled');
    await act(page, 'Schedule deletion', { PendingWindowInDays: '3' });
    await expect.poll(() => dialogText(page)).toContain('ValidationException: ');
    await page.locator('dialog[open] [name=PendingWindowInDays]').fill('7');
    await page.locator('dialog[open] [type=submit]').click();
    await expect.poll(() => textOf(page)).toContain('PendingDeletion');
    await act(page, 'Cancel deletion');
    await expect.poll(() => textOf(page)).not.toContain('PendingDeletion');

    await act(page, 'Disconnect');
    await expect.poll(() => textOf(page)).toContain(`${HOSTILE} DISCONNECTED`);
    await act(page, 'Edit', { NewCustomKeyStoreName: 'renamed' });
    await expect.poll(() => textOf(page)).toContain('renamed DISCONNECTED');
    proxy.signal('SIGTERM');
    await proxy.exitCode;
    await act(page, 'Connect');
    await expect.poll(() => textOf(page)).toContain('renamed FAILED');
    const tip = page.locator('[role=tooltip]');
    await page.mouse.move(0, 0);
    expect(await tip.isVisible()).toBe(false);
    await page.locator('.hint button').focus();
    expect(await tip.isVisible()).toBe(true);
    expect(await tip.innerText()).toContain('XKS_PROXY_NOT_REACHABLE Nothing answers at the endpoint');
    await page.keyboard.press('Escape');
    expect(await tip.isVisible()).toBe(false);
    expect(await page.innerText('.verdict')).toContain('FAILED renamed: XKS_PROXY_NOT_REACHABLE Nothing answers at');
    const text = await textOf(page);
    expect(text).toContain('user/CONSOLE');
    expect(text).not.toContain(credential.RawSecretAccessKey);
    expect(complaints.filter((complaint) => !complaint.includes('status of 400'))).toEqual([]);
  });

  it('creates an AWS CloudHSM key store and connects it', async () => {
    const { kms, url } = await start();
    const cluster = await ReadyCluster.create(kms);
    const { page } = await openPage(url, WIDE);
    const fields = {
      CustomKeyStoreName: 'hsm',
      CloudHsmClusterId: cluster.id,
      TrustAnchorCertificate: join(kms.folder, 'cluster/customerCA.crt'),
      KeyStorePassword: 'notThePassword1',
    };
    await act(page, 'Create AWS CloudHSM key store', fields);
    await closes(page);
    await act(page, 'Connect');
    await expect.poll(() => textOf(page)).toContain('hsm FAILED');
    expect(await page.locator('[role=tooltip]').textContent()).toContain('INVALID_CREDENTIALS');
    await act(page, 'Disconnect');
    await expect.poll(() => textOf(page)).toContain('hsm DISCONNECTED');
    await act(page, 'Edit', { KeyStorePassword: cluster.kmsuserPassword.reveal() });
    await closes(page);
    await act(page, 'Connect');
    await expect.poll(() => textOf(page)).toContain('hsm CONNECTED');
    await act(page, 'Create key');
    await expect.poll(() => textOf(page)).toContain('AWS_CLOUDHSM hsm');
  });

  it('fits and axe finds nothing, with a dialog open too, on a wide light screen and a narrow dark one', async () => {
    const { files, proxy, kms, url } = await startWithProxy();
    const caller = new KmsCaller(kms);
    const store = await caller.createConnectedKeyStore(files);
    await caller.encryptText(await caller.createKeyOver('foo', store), 'x');
    await caller.disconnect(store);
    await caller.updateCustomKeyStore({ CustomKeyStoreId: store, NewCustomKeyStoreName: 'long name '.repeat(25) });
    proxy.signal('SIGTERM');
    await proxy.exitCode;
    await caller.connectCustomKeyStore({ CustomKeyStoreId: store });
    await caller.reaches(store, 'FAILED');
    const looks = [
      { ...WIDE, colorScheme: 'light' },
      { ...NARROW, colorScheme: 'dark' },
    ] as const;
    for (const look of looks) {
      const { page, complaints } = await openPage(url, look);
      await expect.poll(() => page.innerText('#live')).toBe('Live');
      expect(await axeFindings(page)).toEqual([]);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(look.viewport.width);
      await page.locator('main button:text-is("Edit")').first().click();
      expect(await axeFindings(page)).toEqual([]);
      expect(complaints).toEqual([]);
    }
  });

  it('without a caller, the console is read-only', async () => {
    const { url } = await start([]);
    const { page } = await openPage(url, WIDE);
    expect(await page.locator('button').count()).toBe(0);
    expect(await page.locator('dialog').count()).toBe(0);
    const call = `${url}/call/CreateKey`;
    const headers = { Origin: new URL(url).origin, 'Content-Type': 'application/json' };
    expect((await fetch(call, { method: 'POST', headers, body: '{}' })).status).toBe(405);
  });
});

describe('the console', () => {
  const origin = (url: string) => new URL(url).origin;

  it('acts for its own page alone, and gives it without a redirect and CORS headers', async () => {
    const { kms, url } = await start();
    const caller = new KmsCaller(kms);
    const call = (headers: Record<string, string>) =>
      fetch(`${url}/call/CreateKey`, { method: 'POST', headers, body: '{}' }).then(({ status }) => status);
    const json = { 'Content-Type': 'application/json' };
    expect(await call(json)).toBe(403);
    expect(await call({ ...json, Origin: 'http://elsewhere.example' })).toBe(403);
    expect(await call({ ...json, Origin: 'null' })).toBe(403);
    expect(await call({ 'Content-Type': 'text/plain', Origin: origin(url) })).toBe(403);
    expect((await caller.listKeys({})).Keys).toEqual([]);
    expect(await call({ ...json, Origin: origin(url) })).toBe(200);
    expect((await caller.listKeys({})).Keys).toHaveLength(1);
    for (const path of [url, `${url}/`, `${url}?a=b`, `${url}/style.css`, `${url}/live.js`, `${url}/actions.js`]) {
      const answer = await fetch(path, { redirect: 'manual', headers: { Origin: 'http://elsewhere.example' } });
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'; script-src 'self'");
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect((await fetch(`${url}/none`)).status).toBe(404);
    expect((await fetch(`${url}/call/CreateKey`)).status).toBe(404);
    expect((await fetch(`${url}/call/%`, { method: 'POST' })).status).toBe(404);
    const twoHosts = new RawConnection(Number(new URL(url).port));
    await twoHosts.send('GET /console HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await twoHosts.closed()).toMatchObject([{ status: 400 }]);
    const stream = await fetch(`${url}/events`, { method: 'HEAD' });
    expect([stream.status, stream.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
  });

  it('evaluates policies for its caller', async () => {
    const { url } = await start(['--console-caller', 'CONSOLE', '--evaluate-policies']);
    const headers = { Origin: origin(url), 'Content-Type': 'application/json' };
    const answer = await fetch(`${url}/call/CreateKey`, { method: 'POST', headers, body: '{}' });
    expect(await answer.json()).toMatchObject({ __type: 'AccessDeniedException' });
  });
});
