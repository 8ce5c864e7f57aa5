import { spawnSync } from 'node:child_process';
import { chromium } from 'playwright-core';

// Names on the PATH and absolute paths. The last one is where `npx playwright-core install chromium` puts it.
const CANDIDATES = [
  'chromium',
  'google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  chromium.executablePath(),
];

/** The path of a Chromium that runs here, or undefined. toolchain/chromium.sh installs one for make test. */
export function findBrowser(): string | undefined {
  return CANDIDATES.map(pathOf).find((path) => path && spawnSync(path, ['--version']).status === 0);
}

function pathOf(candidate: string): string {
  return spawnSync('/bin/sh', ['-c', 'command -v "$0"', candidate], { encoding: 'utf8' }).stdout.trim();
}
