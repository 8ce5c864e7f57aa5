import { join } from 'node:path';
import { killPrograms, startProgram, type Program, type RunningProgram } from '../../local/startProgram.ts';
import type { Environment } from '../../local/setUp.ts';

export type { Program, RunningProgram };

/** The program of this checkout, as it is built. */
export const MAIN = join(import.meta.dirname, '../../dist/main.js');

const { PATH, NODE_COMPILE_CACHE } = process.env;
/** What all programs of tests have in their environment: where commands are, and where Node.js keeps what it has compiled. */
export const ENVIRONMENT: Environment = { PATH, NODE_COMPILE_CACHE };

export interface TestProgramOptions {
  /** Variables beside ENVIRONMENT. */
  readonly env?: Environment;
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
}

// Programs in groups of their own hear of no signal to this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    killPrograms();
    process.kill(process.pid, signal);
  });

/** Starts a program that a test or a benchmark needs, as the leader of a process group: `kill` ends what it has started too. */
export function startTestProgram(program: Program, { env, ...options }: TestProgramOptions = {}): RunningProgram {
  return startProgram(program, { ...options, env: { ...ENVIRONMENT, ...env }, leadsGroup: true });
}
