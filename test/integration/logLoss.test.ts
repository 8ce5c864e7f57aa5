import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ProxyFiles } from '../support/runningProxy.ts';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

it('a proxy whose log nobody reads any more ends, and says why', async () => {
  const files = new ProxyFiles({ tls: false });
  try {
    const child = spawn(process.execPath, [MAIN, 'serve', '--config', files.configFile], { env: files.env });
    const errors: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    let port = NaN;
    for await (const chunk of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      port = Number(/"port":(\d+)/.exec(chunk)?.[1] ?? NaN);
      if (!Number.isNaN(port)) break;
    }
    child.stdout.destroy();
    // What it has to record now has no reader.
    const ended = once(child, 'close');
    for (let request = 0; request < 50 && child.exitCode === null; request += 1) {
      await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' }).catch(() => undefined);
    }
    expect((await ended)[0]).toBe(1);
    expect(errors.join('')).toContain('the log cannot be written: ');
  } finally {
    files.dispose();
  }
});

it('a process whose log is read too slowly ends, and does not wait for its reader', async () => {
  const script = `
    import { createLogger } from './src/monitoring/logger.ts';
    import { LogStream } from './src/monitoring/logStream.ts';
    // As main.ts does: it makes writes to a pipe that is full fail, not wait.
    process.stdout.on('error', () => undefined);
    const end = (reason) => { console.error(reason); process.exit(1); };
    const clock = () => performance.now();
    const log = createLogger('info', new LogStream({ descriptor: 1, isShared: false, clock, onGone: end, onLoss: end }));
    for (;;) {
      for (let line = 0; line < 500; line += 1) log.info({ text: 'x'.repeat(2_000) }, 'line');
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
  onTestFinished(() => void child.kill('SIGKILL'));
  // Its standard output is not read.
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(errors.join('')).toBe('the reader of standard output is too far behind\n');
});

it('a process whose log cannot be written ends', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, 'kms', 'serve', '--port', '0', '--state', ':memory:'], {
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  onTestFinished(() => void child.kill('SIGKILL'));
  const errors: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(errors.join('')).toBe('the log cannot be written: ENOSPC: no space left on device, write\n');
});
