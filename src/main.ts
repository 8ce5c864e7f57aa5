#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=8 --heap-growing-percent=40
// This file must run in every Node.js with ES modules, so it imports nothing before its first statement. The first line has the
// flags of processFlags.ts except --disable-sigusr1: an older Node.js would stop at that flag, without saying which version it
// needs.

// By default, SIGUSR1 opens Node's inspector: a port without a password that gives access to everything in this process,
// including the PIN.
process.on('SIGUSR1', () => undefined);

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `xks-proxy needs Node.js ${OLDEST_NODE} or newer; ${process.execPath} is ${process.version}. ` +
      'In a checkout, eval "$(make -s env)" puts the right one on the PATH. ' +
      `In a project of your own, npm install --save-dev node@${OLDEST_NODE} does, for npx and npm scripts.\n`,
  );
  process.exit(1);
}

await import('./program.ts');

// The type checker treats a file as a module only if it has this line.
export {};
