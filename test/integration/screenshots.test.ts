import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { describeInBrowser, openPage } from '../support/browser.ts';
import { CloudHsmKeyStoreUnderTest } from '../support/cloudHsmKeyStore.ts';
import { optionsFor } from '../support/kmsCaller.ts';
import { encryptBody, keyPath, paths } from '../support/messages.ts';
import { newFiles, startProxy } from '../support/reconfigurableProxy.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

// `make screenshots` runs this file, which makes the pictures of docs/.
const FOLDER = join(import.meta.dirname, '../../docs/images');
const LOAD_MS = Number(process.env['SCREENSHOTS_LOAD_SECONDS'] ?? 560) * 1000;

const describeIfAsked = process.env['SCREENSHOTS'] === undefined ? describe.skip : describeInBrowser;

describeIfAsked('screenshots', () => {
  it(
    'of the status page',
    async () => {
      mkdirSync(FOLDER, { recursive: true });
      const files = newFiles();
      files.writeConfig({
        ...files.config,
        keyStores: files.config.keyStores.map((store) => ({ ...store, quota: { requestsPerSecond: 200, burst: 200 } })),
        server: { ...files.config.server, drainSeconds: 2, workers: 2 },
        monitoring: { port: 0 },
      });
      const proxy = await startProxy(files);
      const { port } = await proxy.logged({ msg: 'monitoring listens' });
      const url = `http://localhost:${port as number}/status`;
      const { page } = await openPage(url, { viewport: { width: 1100, height: 1400 }, colorScheme: 'light' });
      const narrow = await openPage(url, { viewport: { width: 400, height: 1400 }, colorScheme: 'dark' });
      await during(LOAD_MS, async () => {
        await proxy.proveService();
        if (Math.random() < 0.02) await proxy.post(keyPath('blocked', 'encrypt'), encryptBody);
      });
      await page.screenshot({ path: join(FOLDER, 'status-good.png') });
      files.softHsm.moveTokensAway();
      await during(20_000, () => proxy.post(paths.encrypt, encryptBody));
      await expect.poll(() => page.innerText('h2')).toBe('Not ready');
      await page.screenshot({ path: join(FOLDER, 'status-bad.png') });
      await narrow.page.screenshot({ path: join(FOLDER, 'status-bad-narrow-dark.png') });
    },
    LOAD_MS + 120_000,
  );

  it('of the console in a good and a bad state', async () => {
    mkdirSync(FOLDER, { recursive: true });
    const files = new ProxyFiles();
    const proxy = await RunningProxy.start(files);
    onTestFinished(() => proxy.dispose());
    const kms = await RunningLocalKms.startProcess([...optionsFor(proxy), '--console-caller', 'CONSOLE']);
    const hsm = await CloudHsmKeyStoreUnderTest.connected(kms);
    const external = await hsm.kms.createConnectedKeyStore(files);
    const keys = [await hsm.createKey(), await hsm.kms.createKeyOver('foo', external)];
    for (const [index, TargetKeyId] of keys.entries()) {
      await hsm.kms.createAlias({ AliasName: `alias/${['orders', 'invoices'][index] ?? ''}`, TargetKeyId });
      for (let count = 0; count < 40; count += 1) await hsm.kms.encryptText(TargetKeyId, 'text');
    }
    const url = `${kms.endpoint.replace('127.0.0.1', 'localhost')}/console`;
    const { page } = await openPage(url, { viewport: { width: 1100, height: 1500 }, colorScheme: 'light' });
    const narrow = await openPage(url, { viewport: { width: 400, height: 1400 }, colorScheme: 'dark' });
    await expect.poll(() => page.innerText('h2')).toBe('2 of 2 custom key stores connected');
    await page.screenshot({ path: join(FOLDER, 'console-good.png') });
    await hsm.kms.disconnect(hsm.id);
    await hsm.tell(new Secret('notThePassword'));
    expect(await hsm.failure()).toBe('INVALID_CREDENTIALS');
    await page.locator('.hint button').hover();
    await expect.poll(() => page.locator('[role=tooltip]').isVisible()).toBe(true);
    await page.screenshot({ path: join(FOLDER, 'console-bad.png') });
    await narrow.page.locator('main button:text-is("Edit")').last().click();
    await narrow.page.screenshot({ path: join(FOLDER, 'console-narrow-dark.png') });
  });
});

async function during(milliseconds: number, send: () => Promise<unknown>): Promise<void> {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    await send();
    await sleep(20 + Math.random() * 60);
  }
}
