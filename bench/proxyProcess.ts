import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../dist/main.js');

/** `xks-proxy serve` in a process of its own. */
export interface ProxyProcess {
  readonly pid: number | undefined;
  readonly port: number;
  /** Resolves when the process has ended: to its exit code, or to null if a signal has ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
}

export type LogRecord = Readonly<Record<string, unknown>>;

export interface ProxyProcessOptions {
  /** Told of each line of its log. */
  readonly onRecord?: (record: LogRecord) => void;
  /** `dist/main.js` of a checkout; of this one if absent. */
  readonly program?: string;
}

/** Starts it and resolves when it listens; throws if it ends before. `env` is added to that of this process. */
export async function startProxyProcess(
  configFile: string,
  env: Readonly<Record<string, string>>,
  { onRecord, program = MAIN }: ProxyProcessOptions = {},
): Promise<ProxyProcess> {
  const child = spawn(process.execPath, [program, 'serve', '--config', configFile], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const port = await portOf(child, onRecord);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { pid: child.pid, port, ended, stop };
}

/** Resolves when it listens; goes on reading its log, as a collector would. */
function portOf(child: ChildProcess, onRecord?: (record: LogRecord) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('close', () => {
      reject(new Error('the proxy ended before it listened'));
    });
    if (!child.stdout) return;
    createInterface(child.stdout).on('line', (line) => {
      onRecord?.(JSON.parse(line) as LogRecord);
      if (!line.includes('"msg":"listening"')) return;
      resolve((JSON.parse(line) as { port: number }).port);
    });
  });
}
