import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { signedEncrypt, type Target } from './target.ts';

export interface Measured {
  /** Answers in a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of the proxy's CPU time an answer took; NaN where it cannot be known. */
  readonly cpu: number;
  /** Answers other than 200, and requests without one. */
  readonly failed: number;
}

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** Requests in a second; undefined for as many as it takes. */
  readonly rate?: number;
}

/** Puts a load on a target and waits for its end. */
export async function measure(target: Target, { connections, seconds, rate }: Load): Promise<Measured> {
  const before = cpuMilliseconds(target.pid);
  const result = await autocannon({
    ...signedEncrypt(target),
    connections,
    duration: seconds,
    ...(rate === undefined ? {} : { overallRate: rate }),
  });
  const answers = result['2xx'];
  return {
    rate: answers / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpu: (cpuMilliseconds(target.pid) - before) / answers,
    failed: result.non2xx + result.errors,
  };
}

// proc(5): utime and stime are fields 14 and 15 of /proc/<pid>/stat, in ticks of 10 ms.
function cpuMilliseconds(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return NaN;
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
  const [utime, stime] = afterName.split(' ').slice(11, 13).map(Number);
  return ((utime ?? NaN) + (stime ?? NaN)) * 10;
}
