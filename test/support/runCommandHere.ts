import { PassThrough, Readable } from 'node:stream';
import type { Cli } from '../../src/commands/cli.ts';
import { runCommandLine } from '../../src/commands/commandLine.ts';
import type { CommandOutcome } from './runProgram.ts';
import { MAIN } from './startTestProgram.ts';

/** Runs a command of `xks-proxy` in this process, which saves half a second. It must not load a PKCS#11 module. */
export async function runCommandHere(args: readonly string[], cli: Partial<Cli> = {}): Promise<CommandOutcome> {
  const written = { out: '', err: '' };
  const write = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += `${text}\n`;
  };
  const own: Cli = {
    env: {},
    defaultConfigFile: '/nowhere/config.yaml',
    out: write('out'),
    err: write('err'),
    prompts: { input: Readable.from([]), output: new PassThrough().resume() },
    interactive: false,
    stop: new AbortController().signal,
    program: [process.execPath, MAIN],
    cores: 1,
    parent: undefined,
    supervisor: undefined,
    logDescriptor: -1,
    // The thread pool of this process is already in use.
    sizeThreadPool: () => undefined,
    redraw: refuse,
    abort: refuse,
    onHangup: refuse,
  };
  const exitCode = await runCommandLine({ ...own, ...cli }, args);
  return { exitCode, stdout: written.out, stderr: written.err };
}

function refuse(): never {
  throw new Error('Only a process of its own can do that.');
}
