import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Environment } from './setUp.ts';

/** A command with its arguments. */
export type Program = readonly [command: string, ...args: string[]];

export interface ProgramOptions {
  /** Its whole environment. */
  readonly env: Environment;
  readonly cwd?: string | undefined;
  /** Whether it leads a process group. If so, `kill` also reaches its descendants, and Ctrl-C in a terminal does not reach it. */
  readonly leadsGroup?: boolean;
  /** Called with each line of its standard output. */
  readonly onLine?: (line: string) => void;
}

/** Running program. Its standard output and error must be read. */
export interface RunningProgram {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves to the port in its log line `listening`. Rejects if the program ends before. */
  readonly listening: Promise<number>;
  /** Resolves to its exit code, or the signal that ended it, after its output has been read. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Kills the program and, if it leads a group, its descendants. */
  readonly kill: () => void;
}

/** Programs that are running, or have ended while a process of their group is running. */
const running = new Set<RunningProgram>();
process.on('exit', killPrograms);

/** Kills all programs that this process has started. */
export function killPrograms(): void {
  for (const program of running) program.kill();
}

/** Starts a program, which is killed when this process ends. */
export function startProgram([command, ...args]: Program, options: ProgramOptions): RunningProgram {
  const { env, cwd, leadsGroup = false, onLine } = options;
  const child = spawn(command, args, { env, cwd, stdio: 'pipe', detached: leadsGroup });
  const { pid, stdin, stdout, stderr } = child;
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => {
      if (!leadsGroup || !signalGroup(pid, 0)) running.delete(program);
      resolve(code ?? (signal as NodeJS.Signals));
    });
  });
  const signal = (name: NodeJS.Signals) => void child.kill(name);
  const kill = () => {
    if (!leadsGroup) child.kill('SIGKILL');
    // Only once, because another group may get the id later.
    else if (running.delete(program)) signalGroup(pid, 'SIGKILL');
  };
  const listening = portOf(stdout, ended, onLine);
  const program: RunningProgram = { pid, stdin, stdout, stderr, listening, ended, signal, kill };
  running.add(program);
  return program;
}

function portOf(stdout: Readable, ended: Promise<unknown>, onLine?: (line: string) => void): Promise<number> {
  const listening = new Promise<number>((resolve, reject) => {
    createInterface(stdout).on('line', (line) => {
      onLine?.(line);
      if (line.includes('"msg":"listening"')) resolve((JSON.parse(line) as { port: number }).port);
    });
    ended.then(() => {
      reject(new Error('The program ended before it listened.'));
    }, reject);
  });
  // Not every program listens.
  listening.catch(() => undefined);
  return listening;
}

/** Sends a signal to the processes of a group; false if there are none. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (leader === undefined) return false;
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
