import { MAIN, startTestProgram } from '../test/support/startTestProgram.ts';

/** `xks-proxy serve` in its own process. */
export interface ProxyProcess {
  readonly pid: number | undefined;
  readonly port: number;
  /** Resolves when the process has ended, to its exit code, or to null if a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Stops the process, and waits until it has ended. */
  stop(): Promise<void>;
}

export type LogRecord = Readonly<Record<string, unknown>>;

export interface ProxyProcessOptions {
  /** Called with each line of the log. */
  readonly onRecord?: (record: LogRecord) => void;
  /** `dist/main.js` of a checkout. Defaults to that of this checkout. */
  readonly program?: string;
}

/** Starts the proxy. Resolves when it listens, and throws if it ends before. `env` is added to that of this process. */
export async function startProxyProcess(
  configFile: string,
  env: Readonly<Record<string, string>>,
  { onRecord, program = MAIN }: ProxyProcessOptions = {},
): Promise<ProxyProcess> {
  const running = startTestProgram([process.execPath, program, 'serve', '--config', configFile], {
    env: { ...process.env, ...env },
    onLine: (line) => onRecord?.(JSON.parse(line) as LogRecord),
  });
  running.stderr.pipe(process.stderr);
  const ended = running.ended.then((end) => (typeof end === 'number' ? end : null));
  const stop = async () => {
    running.signal('SIGTERM');
    await ended;
  };
  return { pid: running.pid, port: await running.listening, ended, stop };
}
