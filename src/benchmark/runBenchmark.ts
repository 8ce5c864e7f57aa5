import type { Operation } from '../xksClient/keyStoreClient.ts';
import type { Target } from '../xksClient/target.ts';
import { runLoad, type LoadResult } from './load.ts';
import { prepareRequests } from './prepareRequests.ts';

export interface BenchmarkOptions {
  /** Operations to send in turn. */
  readonly operations: readonly Operation[];
  /** Rates to try, in requests per second. If undefined, the highest rate that holds is searched for. */
  readonly rates: readonly number[] | undefined;
  readonly connections: number;
  /** Duration of each rate. */
  readonly seconds: number;
  readonly stop: AbortSignal;
  readonly onProgress: (phase: string, detail: string) => void;
}

export interface BenchmarkReport {
  readonly target: { readonly endpoint: string; readonly uriPath: string; readonly keyId: string };
  /** Time of the start, as ISO 8601. */
  readonly startedAt: string;
  readonly connections: number;
  readonly seconds: number;
  readonly operations: readonly Operation[];
  /** Runs in ascending order of their rates. */
  readonly runs: readonly RatedRun[];
  /** Highest rate that held together with all lower ones that were tried. Undefined if there is none. */
  readonly highestRate: number | undefined;
}

export interface RatedRun extends LoadResult {
  /** Whether 99.9 % of the requests got a good answer within 250 ms. */
  readonly holds: boolean;
  /** Side that kept the rate from holding. The generator did not send in time, or the proxy did not answer in time. */
  readonly limit: 'generator' | 'proxy' | undefined;
}

/** Share of the requests that KMS must have in time for a rate to hold. */
export const IN_TIME = 0.999;

const [FIRST_RATE, LAST_RATE, FACTOR] = [100, 25_600, 2];
// Steps of the search between a rate that holds and its double, which does not. The result is correct to about a tenth.
const BISECTIONS = 3;
// A generator that is later than this measures itself instead of the proxy.
const GENERATOR_LATE_MS = 25;
const GENERATOR_CPU = 0.9;

/** Puts load on a proxy. Throws if the proxy refuses the first request. Throws the reason of `stop` when that is aborted. */
export async function runBenchmark(target: Target, options: BenchmarkOptions): Promise<BenchmarkReport> {
  const { operations, rates, connections, seconds, stop, onProgress } = options;
  const startedAt = new Date(target.clock()).toISOString();
  const runs: RatedRun[] = [];
  const holds = async (rate: number): Promise<boolean> => {
    onProgress(`${rate} requests a second`, `${seconds} s`);
    const requests = await prepareRequests(target, operations);
    stop.throwIfAborted();
    const run = rated(await runLoad(target, requests, { rate, seconds, connections, stop }));
    runs.push(run);
    onProgress(`${rate} requests a second`, run.holds ? 'holds' : `does not hold (${run.limit ?? ''})`);
    return run.holds;
  };
  if (rates) for (const rate of rates) await holds(rate);
  else await search(holds);
  runs.sort((one, other) => one.rate - other.rate);
  const failed = runs.findIndex((run) => !run.holds);
  const held = failed === -1 ? runs : runs.slice(0, failed);
  const { endpoint, keyStore } = target;
  return {
    target: { endpoint: endpoint.url.origin, uriPath: keyStore.uriPath, keyId: keyStore.keyId },
    startedAt,
    connections,
    seconds,
    operations,
    runs,
    highestRate: held.at(-1)?.rate,
  };
}

async function search(holds: (rate: number) => Promise<boolean>): Promise<void> {
  let rate = FIRST_RATE;
  while (await holds(rate)) {
    if (rate >= LAST_RATE) return;
    rate *= FACTOR;
  }
  if (rate === FIRST_RATE) return;
  let [good, bad] = [rate / FACTOR, rate];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const between = Math.round((good + bad) / 2);
    if (await holds(between)) good = between;
    else bad = between;
  }
}

function rated(result: LoadResult): RatedRun {
  const holds = result.inTime >= IN_TIME;
  const isGenerator = result.lateP99Ms > GENERATOR_LATE_MS || result.generatorCpu > GENERATOR_CPU;
  return { ...result, holds, limit: holds ? undefined : isGenerator ? 'generator' : 'proxy' };
}
