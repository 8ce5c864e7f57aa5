#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=8 --heap-growing-percent=40
// This file runs in every Node.js that knows modules, and imports nothing before its first statement. The line above has what
// processFlags.ts names except --disable-sigusr1: an older Node.js would stop at that flag, and not say which version it needs.

// By default, SIGUSR1 opens Node's inspector: a port without a password that reads everything in this process, the PIN too.
process.on('SIGUSR1', () => undefined);

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `xks-proxy needs Node.js ${OLDEST_NODE} or newer; ${process.execPath} is ${process.version}. ` +
      'In a checkout, eval "$(make -s env)" puts the right one on the PATH.\n',
  );
  process.exit(1);
}

await import('./program.ts');

// The type checker takes a file for a module only with it.
export {};
