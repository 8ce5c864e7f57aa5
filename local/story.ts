import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '../src/processFlags.ts';
import type { Environment } from './setUp.ts';
import { startProgram, type RunningProgram } from './startProgram.ts';

const CHECKOUT = join(import.meta.dirname, '..');
export const MAIN = join(CHECKOUT, 'dist/main.js');

export interface StoryOptions {
  /** A script of this folder, which tells the story with `story.sh`. It runs in `folder`. */
  readonly script: string;
  /** Folder of all files of the story. */
  readonly folder: string;
  /** The environment of the local KMS and of the script. */
  readonly env: Environment;
  /** Options of `kms serve` in addition to those of every story. */
  readonly kmsOptions: readonly string[];
}

/**
 * Runs a story with the arguments of the command line. `tell` gets the root of the files of local runs, by default the checkout,
 * and further options for `kms serve`. It resolves to the exit code.
 */
export async function main(tell: (root: string, kmsOptions: readonly string[]) => Promise<number>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const [root = CHECKOUT, ...kmsOptions] = process.argv.slice(2);
  try {
    process.exitCode = await tell(root, kmsOptions);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

/** Makes an empty folder for one story, in `local/made` of `root`. */
export function newFolder(root: string, name: string): string {
  const folder = join(root, 'local/made', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Starts a command of xks-proxy whose log goes to a file. */
export function startLogged(args: readonly string[], env: Environment, logFile: string): RunningProgram {
  const onLine = (line: string): void => {
    appendFileSync(logFile, `${line}\n`);
  };
  const program = startProgram([process.execPath, ...NODE_FLAGS, MAIN, ...args], {
    env: { ...PROCESS_ENVIRONMENT, ...env },
    onLine,
  });
  program.stderr.pipe(process.stderr);
  return program;
}

/** Runs a local KMS on any free port, and a script that uses it. Resolves to the script's exit code. */
export async function tellStory({ script, folder, env, kmsOptions }: StoryOptions): Promise<number> {
  // Only this story's clusters have sockets in this folder, so CloudHSM CLI finds the right one. The paths must be short.
  const sockets = mkdtempSync(join(tmpdir(), 'kms-'));
  process.once('exit', () => {
    rmSync(sockets, { recursive: true, force: true });
  });
  const storyEnv = { ...env, XDG_RUNTIME_DIR: sockets };
  const options = ['--port', '0', '--state', join(folder, 'kms.db'), ...kmsOptions];
  const kms = startLogged(['kms', 'serve', ...options], storyEnv, join(folder, 'kms.log'));
  try {
    const endpoint = `http://127.0.0.1:${await kms.listening}`;
    const story = spawn('bash', [join(import.meta.dirname, script)], {
      cwd: folder,
      env: { ...storyEnv, XKS_PROXY_MAIN: MAIN, KMS_ENDPOINT: endpoint },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    process.once('exit', () => story.kill());
    const [code] = (await once(story, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    kms.signal('SIGINT');
    await kms.ended;
  }
}
