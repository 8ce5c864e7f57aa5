import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Environment } from './setUp.ts';

export interface RunningProgram {
  readonly pid: number | undefined;
  /** The port it listens on; rejects if it ends before it does. */
  readonly listening: Promise<number>;
  /** Resolves when it has ended, to its exit code or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a command of xks-proxy that listens; each line of its log is given to `log`. */
export function startProgram(
  main: string,
  args: readonly string[],
  env: Environment,
  log: (line: string) => void,
): RunningProgram {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal);
    });
  });
  const listening = new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      log(line);
      if (line.includes('"msg":"listening"')) resolve((JSON.parse(line) as { port: number }).port);
    });
    child.once('exit', () => {
      reject(new Error('xks-proxy ended before it listened.'));
    });
  });
  return { pid: child.pid, listening, ended, kill: (signal) => child.kill(signal) };
}
