import { ProcessLog, type LogRecord } from './processLog.ts';
import { startTestProgram, type Program, type TestProgramOptions } from './startTestProgram.ts';

/** A program in a process of its own whose output is JSON lines. */
export class LoggedProgram {
  /** Resolves when the process has ended, to its exit code, or to null if a signal ended it. */
  readonly exitCode: Promise<number | null>;
  readonly #program;
  readonly #log;

  constructor(program: Program, options: TestProgramOptions = {}) {
    this.#program = startTestProgram(program, options);
    this.#log = new ProcessLog(this.#program.stdout, this.#program.stderr);
    this.exitCode = this.#program.ended.then((end) => (typeof end === 'number' ? end : null));
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** All output so far. */
  get output(): string {
    return this.#log.output;
  }

  /** Log records so far. Throws if a line is not a JSON object. */
  get log(): LogRecord[] {
    return this.#log.records;
  }

  /**
   * The latest record with these fields after the first `seen`, as soon as there is one. Throws if the process ends
   * without one.
   */
  logged(fields: object, seen?: number): Promise<LogRecord> {
    return this.#log.waitFor(fields, seen);
  }

  /** Stops reading standard output, so that the pipe fills. */
  pauseReading(): void {
    this.#program.stdout.pause();
  }

  resumeReading(): void {
    this.#program.stdout.resume();
  }

  signal(signal: NodeJS.Signals): void {
    this.#program.signal(signal);
  }

  /** Kills the process and all processes that it has started. Resolves when they are gone. */
  async kill(): Promise<void> {
    this.#program.kill();
    this.resumeReading();
    await this.exitCode;
  }
}
