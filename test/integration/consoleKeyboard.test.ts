import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openPage } from '../support/browser.ts';
import { KmsCaller } from '../support/kmsCaller.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';

async function start() {
  const kms = await RunningLocalKms.startProcess(['--console-caller', 'CONSOLE']);
  return { caller: new KmsCaller(kms), url: `${kms.endpoint.replace('127.0.0.1', 'localhost')}/console` };
}

const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.textContent');

const isOpen = (page: Page) => page.locator('dialog[open]').isVisible();

/** Closes the dialog and opens it again before the browser reports the close, which it does when it draws the page. */
const reopen = (page: Page) =>
  page.evaluate(`document.querySelector('dialog[open]').close();
    document.activeElement.click();
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))`);

describeInBrowser('the console by keyboard', () => {
  it('keeps the focus on an action of its key while keys are added, and on the key when the action disappears', async () => {
    const { caller, url } = await start();
    const { KeyMetadata: { KeyId: first = '' } = {} } = await caller.createKey({});
    const { page } = await openPage(url);
    await page.locator('main button:text-is("Schedule deletion")').focus();
    for (let count = 1; count < 6; count += 1) await caller.createKey({});
    await expect.poll(() => page.locator('main button:text-is("Disable")').count()).toBe(6);
    expect(await focused(page)).toBe(`Schedule deletion: ${first}`);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await expect.poll(() => isOpen(page)).toBe(false);
    await page.keyboard.press('Enter');
    await reopen(page);
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await expect.poll(() => caller.keyState(first)).toBe('PendingDeletion');
    await expect.poll(() => focused(page)).toBe(`Cancel deletion: ${first}`);
    // The action disappears while its dialog is open.
    await page.keyboard.press('Enter');
    await reopen(page);
    await caller.cancelKeyDeletion({ KeyId: first });
    await expect.poll(() => page.locator('main button:text-is("Cancel deletion")').count()).toBe(0);
    await page.keyboard.press('Escape');
    // A closed dialog keeps the focus until the page is drawn.
    await expect.poll(() => focused(page)).toBe(`Enable: ${first}`);
  });

  it('keeps the focus on the pressed button if the call fails', async () => {
    const { url } = await start();
    const { page } = await openPage(url);
    await page.locator('main button:text-is("Create external key store")').press('Enter');
    await page.keyboard.type('name');
    await page.locator('dialog[open] [type=submit]').press('Enter');
    await expect.poll(() => page.innerText('dialog[open] [data-said]')).toContain('ValidationException: ');
    expect(await focused(page)).toBe('Create external key store');
    await page.keyboard.press('Tab');
    await expect.poll(() => focused(page)).toBe('Close');
  });

  it('shows the answer for one key never in the dialog of another key', async () => {
    const { caller, url } = await start();
    await caller.createKey({});
    await caller.createKey({});
    const { page } = await openPage(url);
    let answer = (): void => undefined;
    const isWanted = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/call/Encrypt', async (route) => {
      await isWanted;
      await route.continue();
    });
    const encrypt = async (index: number) => {
      await page.locator('main button:text-is("Encrypt")').nth(index).click();
      await page.locator('dialog[open] [name=Plaintext]').fill('text');
      await page.locator('dialog[open] [type=submit]').click();
    };
    await encrypt(0);
    await page.keyboard.press('Escape');
    await page.locator('main button:text-is("Encrypt")').nth(1).click();
    const answered = page.waitForResponse('**/call/Encrypt');
    answer();
    await (await answered).finished();
    await page.locator('dialog[open] [name=Plaintext]').fill('other');
    expect(await page.innerText('dialog[open] [data-said]')).toBe('');
    await page.locator('dialog[open] [type=submit]').click();
    await expect.poll(() => page.innerText('dialog[open] [data-said]')).toMatch(/^[A-Za-z0-9+/=]{50,}$/);
  });

  it('can be open in more tabs than a browser opens connections to a server', async () => {
    const { url } = await start();
    const { page } = await openPage(url);
    let last = page;
    for (let count = 0; count < 7; count += 1) {
      await expect.poll(() => last.innerText('#live')).toBe('Live');
      // Headless Chromium does not treat background tabs as hidden.
      await last.evaluate(`Object.defineProperty(document, 'hidden', { value: true });
        document.dispatchEvent(new Event('visibilitychange'));`);
      last = await page.context().newPage();
      await last.goto(url);
    }
    await expect.poll(() => last.innerText('#live')).toBe('Live');
  });
});
