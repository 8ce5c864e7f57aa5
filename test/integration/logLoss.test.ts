import { once } from 'node:events';
import { expect, it } from 'vitest';
import { ProxyFiles } from '../support/runningProxy.ts';
import { runProgram } from '../support/runProgram.ts';
import { MAIN, startTestProgram } from '../support/startTestProgram.ts';

it('if the reader of its log is gone, a proxy exits and says why', async () => {
  const files = new ProxyFiles({ tls: false });
  try {
    const serve = [MAIN, 'serve', '--config', files.configFile];
    const proxy = startTestProgram([process.execPath, ...serve], { env: files.env });
    const errors: string[] = [];
    proxy.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    const port = await proxy.listening;
    proxy.stdout.destroy();
    // The next records have no reader.
    for (let request = 0; request < 50; request += 1) {
      await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' }).catch(() => undefined);
    }
    expect(await proxy.ended).toBe(1);
    expect(errors.join('')).toContain('the log cannot be written: ');
  } finally {
    files.dispose();
  }
});

it('if its log is read too slowly, a process exits without waiting for the reader', async () => {
  const script = `
    import { createLogger } from './src/monitoring/logger.ts';
    import { LogStream } from './src/monitoring/logStream.ts';
    // Like program.ts does: writes to a full pipe fail instead of waiting.
    process.stdout.on('error', () => undefined);
    const end = (reason) => { console.error(reason); process.exit(1); };
    const clock = () => performance.now();
    const log = createLogger('info', new LogStream({ descriptor: 1, isShared: false, clock, onGone: end, onLoss: end }));
    for (;;) {
      for (let line = 0; line < 500; line += 1) log.info({ text: 'x'.repeat(2_000) }, 'line');
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const program = startTestProgram([process.execPath, '--input-type=module', '--eval', script]);
  const errors: string[] = [];
  program.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const ended = once(program.stderr, 'close');
  program.stdout.pause();
  await ended;
  program.stdout.resume();
  expect(await program.ended).toBe(1);
  expect(errors.join('')).toBe('the reader of standard output is too far behind\n');
});

it('if its log cannot be written, a process exits', async () => {
  const serve = [MAIN, 'kms', 'serve', '--port', '0', '--state', ':memory:'];
  const program = ['sh', '-c', 'exec "$0" "$@" > /dev/full', process.execPath, ...serve] as const;
  expect(await runProgram(program)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'the log cannot be written: ENOSPC: no space left on device, write\n',
  });
});
