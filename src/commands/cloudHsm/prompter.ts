import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { Secret } from '../../secret.ts';
import type { Cli } from '../cli.ts';

/** Prompts for lines and passwords, on a terminal or through a pipe. On a terminal, passwords are not shown. */
export class Prompter {
  readonly #prompts: Cli['prompts'];
  readonly #interface: Interface;
  /** Lines that arrived before a prompt for them. */
  readonly #lines: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;
  #isEnded = false;
  #isMuted = false;

  constructor({ prompts, stop }: Pick<Cli, 'prompts' | 'stop'>) {
    this.#prompts = prompts;
    const terminal = prompts.input.isTTY === true;
    const echo = new Writable({
      write: (chunk, _encoding, callback) => {
        if (!this.#isMuted) prompts.output.write(chunk);
        callback();
      },
    });
    this.#interface = createInterface({ input: prompts.input, output: echo, terminal, historySize: 0 });
    this.#interface
      .on('line', (line) => {
        if (this.#waiting) this.#answer(line);
        else this.#lines.push(line);
      })
      .on('close', () => {
        this.#isEnded = true;
        this.#answer(undefined);
      });
    stop.addEventListener('abort', () => {
      this.#interface.close();
    });
  }

  /** Resolves to undefined when there are no more lines. */
  line(prompt: string): Promise<string | undefined> {
    if (this.#isEnded) return this.#next();
    this.#interface.setPrompt(prompt);
    if (this.#prompts.input.isTTY) this.#interface.prompt();
    else this.#prompts.output.write(prompt);
    return this.#next();
  }

  /** Resolves to undefined when there are no more lines. */
  async password(prompt: string): Promise<Secret | undefined> {
    this.#prompts.output.write(prompt);
    this.#interface.setPrompt('');
    this.#isMuted = true;
    const line = await this.#next();
    this.#isMuted = false;
    this.#prompts.output.write('\n');
    return line === undefined ? undefined : new Secret(line);
  }

  close(): void {
    this.#interface.close();
    // An open pipe must not keep the process alive.
    this.#prompts.input.destroy();
  }

  #next(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined || this.#isEnded) return Promise.resolve(line);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #answer(line: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(line);
  }
}
