import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '../src/processFlags.ts';
import { setUpLocal, type Environment } from './setUp.ts';
import { startProgram } from './startProgram.ts';

/**
 * What `make demo` runs: a proxy over SoftHSM and a local KMS, both on ports of the system's choice, and `demo.sh`, which tells
 * the life of an external key store through the AWS CLI. All that it makes is in `local/made/demo` of `root`, and made anew
 * each time. `moreKmsOptions` are for `kms serve`. Resolves to the exit code.
 */
async function demo(checkout: string, root: string, moreKmsOptions: readonly string[]): Promise<number> {
  const folder = join(root, 'local/made/demo');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const main = join(checkout, 'dist/main.js');
  const setUp = setUpLocal(root, { main, host: '127.0.0.1', port: 0, env: process.env, folder });
  /** Starts a command of xks-proxy whose log goes to a file. */
  const start = (args: readonly string[], env: Environment, log: string) => {
    const onLine = (line: string) => {
      appendFileSync(join(folder, log), `${line}\n`);
    };
    const program = startProgram([process.execPath, ...NODE_FLAGS, main, ...args], {
      env: { ...PROCESS_ENVIRONMENT, ...env },
      onLine,
    });
    program.stderr.pipe(process.stderr);
    return program;
  };
  const proxy = start(['serve', '--config', setUp.configFile], setUp.env, 'proxy.log');
  const resolve = `localhost=127.0.0.1:${await proxy.listening}`;
  const kmsOptions = [
    '--port',
    '0',
    '--state',
    join(folder, 'kms.db'),
    '--resolve',
    resolve,
    '--ca',
    setUp.caFile,
    ...moreKmsOptions,
  ];
  const kms = start(['kms', 'serve', ...kmsOptions], process.env, 'kms.log');
  const endpoint = `http://127.0.0.1:${await kms.listening}`;
  try {
    const story = spawn('bash', [join(checkout, 'local/demo.sh')], {
      cwd: folder,
      env: { ...setUp.env, XKS_PROXY_MAIN: main, KMS_ENDPOINT: endpoint, PROXY_PID: String(proxy.pid) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code] = (await once(story, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    proxy.signal('SIGINT');
    kms.signal('SIGINT');
    await Promise.all([proxy.ended, kms.ended]);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const checkout = join(import.meta.dirname, '..');
  const [root = checkout, ...kmsOptions] = process.argv.slice(2);
  process.exitCode = await demo(checkout, root, kmsOptions);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
