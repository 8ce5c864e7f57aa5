import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Environment } from '../../local/setUp.ts';
import { ProxyFiles } from '../support/runningProxy.ts';
import { MAIN, startTestProgram } from '../support/startTestProgram.ts';

// The system chooses the inspector's port, so tests can run side by side. This flag alone opens no port.
const FREE_PORT = '--inspect-port=0';
const SIGUSR1_CAUGHT = 1n << 9n;

let files: ProxyFiles;
beforeAll(() => {
  files = new ProxyFiles();
});
afterAll(() => {
  files.dispose();
});

const serve = () => ['serve', '--config', files.configFile];

function start(flags: readonly string[], args: readonly string[], env: Environment = {}) {
  const output = { lines: [] as string[], errors: '' };
  const program = startTestProgram([process.execPath, ...flags, MAIN, ...args], {
    env: { ...files.env, ...env },
    onLine: (line) => output.lines.push(line),
  });
  program.stderr.setEncoding('utf8').on('data', (text: string) => (output.errors += text));
  onTestFinished(async () => {
    program.kill();
    await program.ended;
  });
  return { ...program, output, pid: program.pid as number };
}

type Started = ReturnType<typeof start>;

/** Sends SIGUSR1 as soon as Node.js handles it, which is before the first line of the program runs. */
async function signalAtOnce({ pid }: Started): Promise<void> {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m;
  const isCaught = () => {
    const [, caught = '0'] = mask.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${caught}`) & SIGUSR1_CAUGHT) !== 0n;
  };
  await expect.poll(isCaught, { interval: 1, timeout: 60_000 }).toBe(true);
  process.kill(pid, 'SIGUSR1');
}

/** Open ports that Node's inspector has reported. */
async function openInspectors({ output }: Started): Promise<string[]> {
  const said = [...output.errors.matchAll(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)/g)].map(
    ([, port = '']) => port,
  );
  const open = await Promise.all(
    said.map(async (port) => {
      const socket = createConnection(Number(port), '127.0.0.1');
      const isOpen = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'error').then(() => false),
      ]).catch(() => false);
      socket.destroy();
      return isOpen;
    }),
  );
  return said.filter((_, index) => open[index]);
}

it.each([
  ['is closed before the program reads a secret', [], "Node's inspector was closed"],
  ['is never open with --disable-sigusr1', ['--disable-sigusr1'], ''],
])('SIGUSR1 before the first line of the program: the inspector %s', async (_, flags, said) => {
  const early = join(files.folder, 'early.cjs');
  writeFileSync(early, "process.kill(process.pid, 'SIGUSR1');\n");
  const proxy = start([FREE_PORT, ...flags, '--require', early], serve());
  await proxy.listening;
  await expect.poll(() => openInspectors(proxy), { timeout: 60_000 }).toEqual([]);
  expect(proxy.output.errors).toContain(said);
  expect(proxy.output.errors.includes('Debugger listening')).toBe(said !== '');
});

it('SIGUSR1 to a serving proxy, or to its workers, opens no port', async () => {
  files.writeConfig({ ...files.config, server: { ...files.config.server, workers: 2 } });
  onTestFinished(() => {
    files.writeConfig(files.config);
  });
  const proxy = start([], serve());
  await proxy.listening;
  const workers = () =>
    proxy.output.lines
      .map((line) => JSON.parse(line) as { msg: string; pid: number })
      .filter(({ msg }) => msg === 'a worker serves')
      .map(({ pid }) => pid);
  await expect.poll(workers, { timeout: 60_000 }).toHaveLength(2);
  for (const pid of workers()) expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('--disable-sigusr1');
  for (const pid of [proxy.pid, ...workers()]) process.kill(pid, 'SIGUSR1');
  proxy.signal('SIGTERM');
  expect(await proxy.ended).toBe(0);
  expect(proxy.output.errors).toBe('');
});

it('SIGUSR1 to kms serve opens no port', async () => {
  const kms = start([FREE_PORT], ['kms', 'serve', '--port', '0', '--state', ':memory:']);
  await signalAtOnce(kms);
  await kms.listening;
  kms.signal('SIGUSR1');
  await expect.poll(() => openInspectors(kms), { timeout: 60_000 }).toEqual([]);
  kms.signal('SIGTERM');
  expect(await kms.ended).toBe(0);
});

it('an inspector opened by NODE_OPTIONS is closed, and one opened on the command line stays', async () => {
  const proxy = start([], serve(), { NODE_OPTIONS: '--inspect=127.0.0.1:0' });
  await proxy.listening;
  expect(proxy.output.errors).toContain('Debugger listening');
  await expect.poll(() => openInspectors(proxy), { timeout: 60_000 }).toEqual([]);

  const debugged = start(['--inspect=127.0.0.1:0'], serve());
  await debugged.listening;
  expect(await openInspectors(debugged)).toHaveLength(1);
});
