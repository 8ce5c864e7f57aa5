import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '../../src/processFlags.ts';
import type { Environment } from '../../local/setUp.ts';
import { ProxyFiles } from '../support/runningProxy.ts';
import { runProgram } from '../support/runProgram.ts';
import { MAIN, startTestProgram } from '../support/startTestProgram.ts';

const MALLOC = Object.entries(PROCESS_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
// Node.js before version 24 refuses this flag.
const NEWER = '--disable-sigusr1';

let files: ProxyFiles;
beforeAll(() => {
  files = new ProxyFiles();
  files.writeConfig({ ...files.config, server: { ...files.config.server, workers: 2 } });
});
afterAll(() => {
  files.dispose();
});

/** Starts two workers; resolves to the flags, environments and loaded files of supervisor and workers. */
async function startWorkers(program: readonly [string, ...string[]], env: Environment = {}) {
  const workers: number[] = [];
  const onLine = (line: string) => {
    const { msg, pid } = JSON.parse(line) as { msg: string; pid: number };
    if (msg === 'a worker serves') workers.push(pid);
  };
  const running = startTestProgram([...program, 'serve', '--config', files.configFile], {
    env: { ...files.env, ...env },
    onLine,
  });
  onTestFinished(async () => {
    running.kill();
    await running.ended;
  });
  await expect.poll(() => workers, { timeout: 60_000 }).toHaveLength(2);
  return { supervisor: startOf(running.pid as number), workers: workers.map(startOf) };
}

function startOf(pid: number) {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  return { flags: read('cmdline'), environment: read('environ'), files: readFileSync(`/proc/${pid}/maps`, 'utf8') };
}

it('dist/main.js, which is also the command of the package, and its workers run with the flags', async () => {
  const { supervisor, workers } = await startWorkers([MAIN]);
  for (const { environment } of [supervisor, ...workers]) expect(environment).toEqual(expect.arrayContaining(MALLOC));
  expect(supervisor.flags).toEqual(expect.arrayContaining(NODE_FLAGS.filter((flag) => flag !== NEWER)));
  for (const { flags } of workers) expect(flags).toEqual(expect.arrayContaining(NODE_FLAGS));
});

it('a supervisor does not load the code that serves requests', async () => {
  const { supervisor, workers } = await startWorkers([MAIN]);
  for (const { files } of workers) expect(files).toContain('/pkcs11.node');
  expect(supervisor.files).not.toContain('/pkcs11.node');
});

it('workers of node dist/main.js also have the flags, and the flags and variables of their supervisor take precedence', async () => {
  const { workers } = await startWorkers([process.execPath, '--max-semi-space-size=12', MAIN], {
    MALLOC_ARENA_MAX: '3',
  });
  for (const { flags, environment } of workers) {
    expect(flags).toEqual(expect.arrayContaining(NODE_FLAGS));
    expect(flags.findLast((flag) => flag.startsWith('--max-semi-space-size'))).toBe('--max-semi-space-size=12');
    expect(environment).toContain('MALLOC_ARENA_MAX=3');
  }
});

it.each(['Dockerfile', 'deploy/package/xks-proxy', 'deploy/systemd/xks-proxy.service', 'src/main.ts'])(
  '%s has the flags and variables',
  (file) => {
    const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
    for (const setting of [...NODE_FLAGS, ...MALLOC]) expect(text).toContain(setting);
  },
);

it('an older Node.js says which version is needed, and how to get it', async () => {
  const older = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"18.20.4"}})';
  const { exitCode, stdout, stderr } = await runProgram([process.execPath, '--import', older, MAIN, 'kms', 'serve']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('xks-proxy needs Node.js 24 or newer');
  expect(stderr).toContain('npm install --save-dev node@24');
});
