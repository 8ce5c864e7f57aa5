import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const NOTHING = '#!/bin/sh\n';
const NPM = '#!/bin/sh\necho "npm $1: ${NODE_USE_SYSTEM_CA-unset}"\n';
const FILES = {
  '.node/bin/node': NOTHING,
  '.node/bin/npm': NPM,
  'toolchain/node.sh': NOTHING,
  'toolchain/system-packages.sh': NOTHING,
  'toolchain/packaging.sh': NOTHING,
  'deploy/package/make.sh': `${NOTHING}npm ci\n`,
  'deploy/aws/package-lock.json': '',
  'package-lock.json': '',
  'package.json': '',
  'rolldown.config.ts': '',
  'packages/SHA256SUMS': '',
};

/** Resolves to what `make` prints in a folder with these files and our Makefile. */
async function make(target: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
  mkdirSync(join(folder, 'src'));
  copyFileSync(join(import.meta.dirname, '../../../Makefile'), join(folder, 'Makefile'));
  const { exitCode, stdout } = await runProgram(['make', '-C', folder, target]);
  expect(exitCode).toBe(0);
  return stdout;
}

it('make build compiles pkcs11js if it is not compiled, as after `npm ci --ignore-scripts`', async () => {
  expect(await make('build', FILES)).toContain('npm rebuild');
  const compiled = { 'node_modules/pkcs11js/build/Release/pkcs11.node': '' };
  expect(await make('build', { ...FILES, ...compiled })).not.toContain('npm rebuild');
});

// The official builds of Node.js trust only their own list of authorities.
it.each(['node_modules/.package-lock.json', 'deploy/aws/node_modules/.package-lock.json', 'package'])(
  'in make %s, npm trusts the authorities of the system, to which companies add their own',
  async (target) => {
    const stdout = await make(target, FILES);
    const installs = stdout.match(/^npm ci: .*$/gm) ?? [];
    expect(installs.length).toBeGreaterThan(0);
    expect(new Set(installs)).toEqual(new Set(['npm ci: 1']));
  },
);
