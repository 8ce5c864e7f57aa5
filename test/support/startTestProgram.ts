import { join } from 'node:path';
import { killPrograms, startProgram, type Program, type RunningProgram } from '../../local/startProgram.ts';
import type { Environment } from '../../local/setUp.ts';

export type { Program, RunningProgram };

/** The built program of this checkout. */
export const MAIN = join(import.meta.dirname, '../../dist/main.js');

const { PATH, NODE_COMPILE_CACHE } = process.env;
/** The environment of all test programs: the PATH, and the folder of Node.js's compile cache. */
export const ENVIRONMENT: Environment = { PATH, NODE_COMPILE_CACHE };

export interface TestProgramOptions {
  /** Variables in addition to ENVIRONMENT. */
  readonly env?: Environment;
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
}

// Programs in their own process groups do not receive this process's signals.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    killPrograms();
    process.kill(process.pid, signal);
  });

/**
 * Starts a program for a test or a benchmark as the leader of a process group. `kill` also ends the processes that it
 * started.
 */
export function startTestProgram(program: Program, { env, ...options }: TestProgramOptions = {}): RunningProgram {
  return startProgram(program, { ...options, env: { ...ENVIRONMENT, ...env }, leadsGroup: true });
}
