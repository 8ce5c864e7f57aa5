import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad } from '../../src/benchmark/load.ts';
import { prepareRequests, type PreparedRequest } from '../../src/benchmark/prepareRequests.ts';
import { treeFigures } from '../processTree.ts';
import { saturate, type Saturation } from '../saturate.ts';
import { mediansOf } from '../statistics.ts';
import type { RunningPeer } from '../startPeer.ts';
import type { TestBed } from '../testBed.ts';
import { OPERATIONS, type MeasuredOperation, type Peer } from './peers.ts';
import { measurePkcs11 } from './pkcs11Limit.ts';

export interface ComparisonOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  /** Open-loop rates, in requests per second. */
  readonly rates: readonly number[];
  /** Whether a row is measured, by its name. */
  readonly isWanted: (row: string, isExtra: boolean) => boolean;
  readonly onProgress: (text: string) => void;
}

/** First columns of every row. */
interface RowName {
  readonly peer: string;
  readonly protocol: string;
}

/** Figures when the peer gets as many requests as it can answer. Figures are medians. */
export interface SaturationRow extends RowName, Saturation {
  readonly operation: string;
}

/** Figures of Encrypt with CDIV at a fixed rate. Milliseconds count from when a request was due. */
export interface RateRow extends RowName {
  readonly rate: number;
  /** Share of the requests, from 0 to 1, with a good answer within 250 ms. */
  readonly inTime: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Milliseconds of CPU time of the peer for each good answer. */
  readonly cpuMs: number;
}

/** Sum of the proportional set sizes of all processes, in MiB: before the first request, and after the load. */
export interface MemoryRow extends RowName {
  readonly idle: number;
  readonly saturated: number;
}

export interface Comparison {
  readonly saturation: readonly SaturationRow[];
  readonly rates: readonly RateRow[];
  readonly memory: readonly MemoryRow[];
}

/** Rows with a name and figures, collected over the rounds. */
class Series<N extends object, F extends object> {
  readonly rows = new Map<string, { name: N; rounds: F[] }>();

  add(name: N, figures: F): void {
    const key = JSON.stringify(name);
    const row = this.rows.get(key) ?? { name, rounds: [] };
    this.rows.set(key, row);
    row.rounds.push(figures);
  }

  medians(): (N & F)[] {
    return [...this.rows.values()].map(({ name, rounds }) => ({ ...name, ...mediansOf(rounds) }));
  }
}

const SETTLE_MS = 1_000;
// V8 optimizes the code of a request over time, so a process that has just started takes 1.5 times the CPU time.
const WARM_UP_SECONDS = 6;
export const PKCS11_LIMIT = 'limit: the same PKCS#11 calls in C, one thread';

/**
 * Measures all peers in turn, round after round, so that a disturbance of the machine affects all of them. Each peer is started
 * anew in each round, and runs alone beside the load generator.
 */
export async function runComparison(
  bed: TestBed,
  peers: readonly Peer[],
  options: ComparisonOptions,
): Promise<Comparison> {
  const { rounds, seconds, rates, isWanted, onProgress } = options;
  const saturation = new Series<RowName & { operation: string }, Saturation>();
  const atRates = new Series<RowName & { rate: number }, Omit<RateRow, keyof RowName | 'rate'>>();
  const memory = new Series<RowName, Omit<MemoryRow, keyof RowName>>();
  const measurePeer = async ({ name, protocol, operations, hasRates, isExtra = false, start }: Peer): Promise<void> => {
    const isWantedRow = (what: string) => isWanted(`${name}, ${protocol}: ${what}`, isExtra);
    const wanted = operations.filter(isWantedRow);
    const wantedRates = rates.filter((rate) => hasRates && isWantedRow(`${rate}/s`));
    if (wanted.length === 0 && wantedRates.length === 0) return;
    onProgress(`${name}, ${protocol}`);
    const running = await start();
    try {
      const row = { peer: name, protocol };
      await sleep(SETTLE_MS);
      const idle = treeFigures(running.pid).pss;
      const first = await prepare(running, OPERATIONS[0]);
      await saturate(running, first, { ...options, seconds: Math.min(WARM_UP_SECONDS, 2 * seconds) });
      for (const operation of wanted) {
        const requests = await prepare(running, operation);
        saturation.add({ ...row, operation }, await saturate(running, requests, options));
      }
      memory.add(row, { idle, saturated: treeFigures(running.pid).pss });
      for (const rate of wantedRates) {
        atRates.add({ ...row, rate }, await measureRate(running, rate, options));
      }
    } finally {
      await running.stop();
    }
  };
  for (let round = 1; round <= rounds; round += 1) {
    onProgress(`round ${round} of ${rounds}`);
    for (const peer of peers) await measurePeer(peer);
    for (const [operation, call] of [
      [OPERATIONS[0], 'encrypt'],
      [OPERATIONS[1], 'decrypt'],
    ] as const) {
      if (!isWanted(`${PKCS11_LIMIT}: ${operation}`, false)) continue;
      const measured = await measurePkcs11(bed, call, seconds);
      const row = { peer: PKCS11_LIMIT, protocol: 'none', operation };
      saturation.add(row, { ...measured, p50Ms: NaN, p99Ms: NaN, failed: 0 });
    }
  }
  return { saturation: saturation.medians(), rates: atRates.medians(), memory: memory.medians() };
}

function prepare({ target }: RunningPeer, operation: MeasuredOperation): Promise<PreparedRequest[]> {
  const asksForCdiv = operation === 'Encrypt with CDIV';
  return prepareRequests(target, [operation === 'Decrypt' ? 'decrypt' : 'encrypt'], { asksForCdiv });
}

async function measureRate(
  peer: RunningPeer,
  rate: number,
  { seconds, connections }: ComparisonOptions,
): Promise<Omit<RateRow, keyof RowName | 'rate'>> {
  const requests = await prepare(peer, OPERATIONS[0]);
  const before = treeFigures(peer.pid).cpuMs;
  const load = { rate, seconds, connections, stop: new AbortController().signal };
  const { inTime, operations, goodput } = await runLoad(peer.target, requests, load);
  const cpuMs = (treeFigures(peer.pid).cpuMs - before) / (goodput * seconds);
  const { p50Ms = NaN, p99Ms = NaN, p999Ms = NaN, maxMs = NaN } = operations[0] ?? {};
  return { inTime, p50Ms, p99Ms, p999Ms, maxMs, cpuMs };
}
