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

// The official builds of Node.js trust only their own list of authorities.
it.each(['node_modules/.package-lock.json', 'deploy/aws/node_modules/.package-lock.json', 'package'])(
  'in make %s, npm trusts the authorities of the system, to which companies add their own',
  async (target) => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    mkdirSync(join(folder, 'src'));
    copyFileSync(join(import.meta.dirname, '../../../Makefile'), join(folder, 'Makefile'));
    const { exitCode, stdout } = await runProgram(['make', '-C', folder, target]);
    expect(exitCode).toBe(0);
    const installs = stdout.match(/^npm ci: .*$/gm) ?? [];
    expect(installs.length).toBeGreaterThan(0);
    expect(new Set(installs)).toEqual(new Set(['npm ci: 1']));
  },
);
