import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { LoggedProgram } from './loggedProgram.ts';
import { ProcessLog, type LogRecord } from './processLog.ts';
import { runCommandHere } from './runCommandHere.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const POLL_MS = 20;

/**
 * A command of `xks-proxy` that serves in this process, which saves almost a second. It must not load a PKCS#11 module.
 */
export class CommandHere implements Pick<LoggedProgram, 'exitCode' | 'output' | 'log' | 'logged' | 'signal'> {
  readonly exitCode: Promise<number>;
  readonly #stop = new AbortController();
  readonly #written = new PassThrough();
  readonly #log = new ProcessLog(this.#written);

  constructor(args: readonly string[]) {
    this.exitCode = this.#run(args);
  }

  get output(): string {
    return this.#log.output;
  }

  get log(): LogRecord[] {
    return this.#log.records;
  }

  logged(fields: object): Promise<LogRecord> {
    return this.#log.waitFor(fields);
  }

  signal(signal: NodeJS.Signals): void {
    this.#stop.abort(signal);
  }

  async #run(args: readonly string[]): Promise<number> {
    const file = join(temporaryFolder(), 'log');
    const [logDescriptor, reader] = [openSync(file, 'a'), openSync(file, 'r')];
    const buffer = Buffer.alloc(65_536);
    const copy = () => {
      for (let bytes; (bytes = readSync(reader, buffer)) > 0;)
        this.#written.write(Buffer.from(buffer.subarray(0, bytes)));
    };
    const timer = setInterval(copy, POLL_MS);
    const { exitCode, stderr } = await runCommandHere(args, { logDescriptor, stop: this.#stop.signal });
    clearInterval(timer);
    copy();
    this.#written.end(stderr);
    for (const descriptor of [logDescriptor, reader]) closeSync(descriptor);
    return exitCode;
  }
}
