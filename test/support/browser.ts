import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, describe, onTestFinished } from 'vitest';
import { findBrowser } from './findBrowser.ts';

const executablePath = findBrowser();

// One browser serves all tests of a file, because it takes a second to start.
let browser: Promise<Browser> | undefined;

/** Tests that open pages in Chromium, skipped if there is no Chromium. */
export function describeInBrowser(name: string, tests: () => void): void {
  const found = executablePath !== undefined;
  describe.skipIf(!found)(`${name} in Chromium${found ? '' : ' (skipped: there is none)'}`, () => {
    // Not at the top of this module, because test files of one process share the module.
    afterAll(async () => {
      const opened = browser;
      browser = undefined;
      await (await opened)?.close();
    });
    tests();
  });
}

/** A page, and its violations of what our pages may do. */
export interface OpenPage {
  readonly page: Page;
  /** Errors, refusals by the Content-Security-Policy, dialogs, and requests to other origins. */
  readonly complaints: readonly string[];
}

/** Opens an address in its own browser context, which is closed when the test has finished. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  // Chromium's sandbox does not work for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser ??= chromium.launch({ executablePath: executablePath ?? '', args });
  const context = await (await browser).newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(url).origin) complaints.push(`request to ${origin}`);
  });
  await page.goto(url);
  return { page, complaints };
}

export interface AxeFinding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly string[];
}

/** Problems that axe finds for people who use a keyboard or a screen reader. */
export async function axeFindings(page: Page): Promise<AxeFinding[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated, because the page's Content-Security-Policy forbids a script element.
  await page.evaluate(axe);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) })))`);
}
