import type { Readable } from 'node:stream';
import { startTestProgram, type Program, type TestProgramOptions } from './startTestProgram.ts';

export interface CommandOutcome {
  /** Exit code, or -1 if a signal ended the program. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends TestProgramOptions {
  /** Text for its standard input. */
  readonly input?: string;
  /** Milliseconds after which the program is killed; never if absent. */
  readonly limitMs?: number;
}

/** Runs a program until it ends. */
export async function runProgram(program: Program, options: RunOptions = {}): Promise<CommandOutcome> {
  const { input = '', limitMs, ...others } = options;
  const { stdin, stdout, stderr, ended, kill } = startTestProgram(program, others);
  const timer = limitMs === undefined ? undefined : setTimeout(kill, limitMs);
  const [out, err] = [stdout, stderr].map(collect) as [string[], string[]];
  // The program may end before it has read everything.
  stdin.on('error', () => undefined).end(input);
  const end = await ended;
  clearTimeout(timer);
  return { exitCode: typeof end === 'number' ? end : -1, stdout: out.join(''), stderr: err.join('') };
}

/** Collects the output of a stream. */
function collect(stream: Readable): string[] {
  const texts: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => texts.push(text));
  return texts;
}
