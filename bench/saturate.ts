import { setTimeout as sleep } from 'node:timers/promises';
import type { PreparedRequest } from '../src/benchmark/prepareRequests.ts';
import { Sender } from '../src/benchmark/sender.ts';
import { percentile } from '../src/xksClient/latencies.ts';
import { treeFigures } from './processTree.ts';
import type { RunningPeer } from './startPeer.ts';

export interface Saturation {
  /** Good answers in a second. */
  readonly rate: number;
  /** Milliseconds of CPU time that the proxy took for each good answer. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests without a good answer. */
  readonly failed: number;
}

export interface SaturationOptions {
  readonly connections: number;
  readonly seconds: number;
}

/** Keeps all connections busy in a closed loop: each sends its next request when the previous one is answered. */
export async function saturate(
  { target, pid }: RunningPeer,
  requests: readonly PreparedRequest[],
  { connections, seconds }: SaturationOptions,
): Promise<Saturation> {
  const sender = new Sender(target.endpoint, connections);
  const samples: number[] = [];
  let [sent, failed, isOver] = [0, 0, false];
  const loop = async (): Promise<void> => {
    while (!isOver) {
      const request = requests[sent % requests.length];
      if (!request) throw new Error('nothing was prepared');
      sent += 1;
      const sentAt = performance.now();
      if ((await sender.send(request)) === undefined) samples.push(performance.now() - sentAt);
      else failed += 1;
    }
  };
  try {
    await sender.open(requests);
    const [cpuBefore, startedAt] = [treeFigures(pid).cpuMs, performance.now()];
    const loops = Array.from({ length: connections }, loop);
    await sleep(seconds * 1_000);
    isOver = true;
    await Promise.all(loops);
    const took = (performance.now() - startedAt) / 1_000;
    samples.sort((a, b) => a - b);
    return {
      rate: samples.length / took,
      cpuMs: (treeFigures(pid).cpuMs - cpuBefore) / samples.length,
      p50Ms: percentile(samples, 50),
      p99Ms: percentile(samples, 99),
      failed,
    };
  } finally {
    sender.close();
  }
}
