import { MAIN, startTestProgram } from '../test/support/startTestProgram.ts';

/** `xks-proxy serve` in a process of its own. */
export interface ProxyProcess {
  readonly pid: number | undefined;
  readonly port: number;
  /** Resolves when the process has ended: to its exit code, or to null if a signal has ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
}

export type LogRecord = Readonly<Record<string, unknown>>;

export interface ProxyProcessOptions {
  /** Told of each line of its log. */
  readonly onRecord?: (record: LogRecord) => void;
  /** `dist/main.js` of a checkout; of this one if absent. */
  readonly program?: string;
}

/** Starts it and resolves when it listens; throws if it ends before. `env` is added to that of this process. */
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
