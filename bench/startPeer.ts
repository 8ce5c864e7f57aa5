import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../local/setUp.ts';
import type { Target } from '../src/xksClient/target.ts';
import { startTestProgram, type Program } from '../test/support/startTestProgram.ts';
import { until } from './until.ts';

/** Running XKS proxy, or a similar server, to measure. */
export interface RunningPeer {
  readonly target: Target;
  /** Root of its process tree, if known. */
  readonly pid: number | undefined;
  /** Milliseconds from its start until it served. */
  readonly startedInMs: number;
  signal(signal: NodeJS.Signals): void;
  /** Its log so far. */
  log(): string;
  stop(): Promise<void>;
}

export type StartedProgram = Omit<RunningPeer, 'target'>;

const STOP_MS = 20_000;
// With 10,000 keys in SoftHSM, a start takes minutes.
const START_LIMIT_MS = 300_000;

/**
 * Starts a program with its log in a file, because reading a pipe would take CPU time from the load generator. Resolves when
 * `isReady` is true of the log. Throws an Error with the end of the log if the program ends first.
 */
export async function startPeer(
  program: Program,
  folder: string,
  env: Environment,
  isReady: (log: string) => boolean | Promise<boolean>,
): Promise<StartedProgram> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'log');
  writeFileSync(logFile, '');
  const startedAt = performance.now();
  const running = startTestProgram(['sh', '-c', 'exec "$@" >"$0" 2>&1', logFile, ...program], { env, cwd: folder });
  running.stdout.resume();
  running.stderr.pipe(process.stderr);
  let hasEnded = false;
  const ended = running.ended.then(() => (hasEnded = true));
  const log = () => readFileSync(logFile, 'utf8');
  const serves = async () => {
    if (hasEnded) throw new Error(`${program[0]} ended before it served:\n${log().slice(-2_000)}`);
    return isReady(log());
  };
  try {
    await until(`${program[0]} serves`, serves, START_LIMIT_MS);
  } catch (error) {
    running.kill();
    throw error;
  }
  const stop = async () => {
    // After SIGTERM our proxy would first wait for a load balancer.
    running.signal('SIGINT');
    await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
    running.kill();
    await ended;
  };
  return { pid: running.pid, startedInMs: performance.now() - startedAt, signal: running.signal, log, stop };
}

/** Finds a port of 127.0.0.1 for a program that cannot choose one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
