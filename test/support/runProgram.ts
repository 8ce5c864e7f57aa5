import type { Readable } from 'node:stream';
import { startTestProgram, type Program, type TestProgramOptions } from './startTestProgram.ts';

export interface CommandOutcome {
  /** -1 if a signal has ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends TestProgramOptions {
  /** What it reads from its standard input. */
  readonly input?: string;
  /** Milliseconds after which it is killed; never if absent. */
  readonly limitMs?: number;
}

/** Runs a program to its end. */
export async function runProgram(program: Program, options: RunOptions = {}): Promise<CommandOutcome> {
  const { input = '', limitMs, ...others } = options;
  const { stdin, stdout, stderr, ended, kill } = startTestProgram(program, others);
  const timer = limitMs === undefined ? undefined : setTimeout(kill, limitMs);
  const [out, err] = [stdout, stderr].map(collect) as [string[], string[]];
  // It may end without having read all.
  stdin.on('error', () => undefined).end(input);
  const end = await ended;
  clearTimeout(timer);
  return { exitCode: typeof end === 'number' ? end : -1, stdout: out.join(''), stderr: err.join('') };
}

/** What a stream gives, as it comes. */
function collect(stream: Readable): string[] {
  const texts: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => texts.push(text));
  return texts;
}
